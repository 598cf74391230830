// "How to add this to prometheus.yml".
import { address, type Instances, type Service } from "../core/api";
import { param, set } from "../core/location";
import { nearTheEnd } from "../core/limits";
import { aboutMechanism, mechanisms, snippet, type Mechanism } from "../core/prometheus_yml";
import { once, useResource } from "../core/resource";
import { Copy } from "./small";

// What http_sd and consul_sd ask: where this page came from.
function server(): string {
  const path = location.pathname.replace(/\/[^/]*$/, "");
  return location.origin + path;
}

function caution(how: Mechanism, service: Service | undefined): string {
  const octets = service?.octets.srv ?? 0;
  if (how !== "dns_sd" || !service) return "";
  if (octets > 65535)
    return "Too large for DNS: Prometheus would keep the list it has for ever. Take http_sd.";
  if (nearTheEnd(octets))
    return "Close to the most that DNS can carry: take http_sd before it freezes.";
  if (service.records > 100)
    return "Over 100 records: a BIND resolver in between answers SERVFAIL by default. Take http_sd, or see Sizes.";
  return "";
}

export function AddToPrometheus({ name, service }: { name: string; service: Service | undefined }) {
  const how = mechanisms.find((one) => one === param("how")) ?? "http_sd";
  // Whether there are labels to map is seen on the first of them.
  const { data } = useResource<Instances>(address("instances", { name, limit: 20 }), once);
  const labels = [...new Set(data?.instances.flatMap((one) => Object.keys(one.labels)))];
  const zone = service?.zone ?? data?.instances[0]?.zone ?? "";
  const below = service?.service ?? name.slice(0, -zone.length - 1);
  const text = snippet(how, { name, service: below, zone, server: server(), labels });
  const warned = caution(how, service);
  return (
    <div class="add">
      <div class="choice" role="radiogroup" aria-label="how Prometheus asks">
        {mechanisms.map((one) => (
          <button
            type="button"
            role="radio"
            aria-checked={one === how}
            onClick={() => set({ how: one })}
          >
            {one}
          </button>
        ))}
      </div>
      <p>{aboutMechanism[how]}</p>
      {warned && (
        <p class="banner warning inline">
          <span>{warned}</span>
        </p>
      )}
      <Copy text={text} label={`prometheus.yml for ${how}`} />
      <p class="soft">
        Scrape all that is registered, the lost ones too: only so <code>up == 0</code> can fire for
        a host that died. For Alertmanagers or load balancing take the healthy ones:{" "}
        <code>_healthy.{name}</code>, or <code>?state=healthy</code>.
      </p>
    </div>
  );
}
