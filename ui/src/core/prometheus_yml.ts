// What to write into prometheus.yml so that it finds a name.  Pure.

export interface Target {
  name: string; // node.prom.internal
  service: string; // node
  zone: string; // prom.internal
  server: string; // the address of this page: http://10.0.0.1:9530
  labels: string[]; // that instances have
}

export const mechanisms = ["http_sd", "dns_sd", "consul_sd"] as const;
export type Mechanism = (typeof mechanisms)[number];

export const aboutMechanism: Record<Mechanism, string> = {
  http_sd: "With labels and states, without a limit of size. In every build of Prometheus.",
  dns_sd:
    "Host and port only, up to the limits under Sizes. The name servers in /etc/resolv.conf " +
    "of the Prometheus host must know the zone.",
  consul_sd:
    "Changes arrive within a second or two, with labels. Not in Debian's build of " +
    "Prometheus, which leaves consul_sd out.",
};

// A plain scalar where that is safe, else a quoted one.
function scalar(text: string): string {
  const isPlain =
    /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/.test(text) &&
    !/:$/.test(text) &&
    !/^(true|false|null|yes|no|on|off|[0-9.:_+-]+(e[0-9]+)?|0x[0-9a-f]+)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function labelmap(labels: string[], regex: string): string[] {
  if (labels.length === 0) return [];
  return ["      - action: labelmap", `        regex: ${regex}`];
}

export function snippet(how: Mechanism, target: Target): string {
  const head = ["scrape_configs:", `  - job_name: ${scalar(target.service || target.name)}`];
  if (how === "dns_sd") {
    return [
      ...head,
      "    dns_sd_configs:",
      `      - names: [${scalar(target.name)}]`,
      "        refresh_interval: 10s",
    ].join("\n");
  }
  if (how === "http_sd") {
    return [
      ...head,
      "    http_sd_configs:",
      `      - url: ${scalar(`${target.server}/sd/${encodeURIComponent(target.name)}`)}`,
      "        refresh_interval: 10s",
      "    relabel_configs:",
      "      - source_labels: [__meta_rollcall_instance]",
      "        target_label: instance",
      ...labelmap(target.labels, "__meta_rollcall_label_(.+)"),
    ].join("\n");
  }
  const [, scheme, address = "", path] = /^(\w+):\/\/([^/]*)(.*)$/.exec(target.server) ?? [];
  // Besides labels, its metadata has what changes by itself (the state): no label of a series.
  const named = target.labels.filter((label) => /^\w+$/.test(label)).join("|");
  return [
    ...head,
    "    consul_sd_configs:",
    `      - server: ${scalar(address)}`,
    ...(scheme === "https" ? ["        scheme: https"] : []),
    ...(path ? [`        path_prefix: ${scalar(path)}`] : []),
    `        datacenter: ${scalar(target.zone)}`,
    `        services: [${scalar(target.service)}]`,
    "        refresh_interval: 2s",
    "    relabel_configs:",
    "      - source_labels: [__meta_consul_service_id]", // INSTANCE.SERVICE
    `        regex: ${scalar(`(.+)\\.${target.service.replaceAll(".", "\\.")}`)}`,
    "        target_label: instance",
    ...labelmap(named ? target.labels : [], `__meta_consul_service_metadata_(${named})`),
  ].join("\n");
}
