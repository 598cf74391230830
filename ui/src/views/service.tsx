// One name: who is registered there, who asks for it, what happened, how to have it scraped.
import { address, type Service } from "../core/api";
import { param, set } from "../core/location";
import { useResource } from "../core/resource";
import { link } from "../core/route";
import { count, plural } from "../core/text";
import { AddToPrometheus } from "../parts/add_to_prometheus";
import { ChangeList } from "../parts/change_list";
import { ConsumerList } from "../parts/consumer_list";
import { below, InstanceRows, StateFilter } from "../parts/instance_rows";
import { Advice, RecordBar, SizeBar, Steps } from "../parts/sizes";
import { Name } from "../parts/small";

const sections = [
  ["", "Instances"],
  ["prometheus", "Add to prometheus.yml"],
  ["consumers", "Consumers"],
  ["changes", "Changes"],
  ["sizes", "Sizes"],
] as const;

// The API tells of all services that fit; ours is among them, unless nothing is registered at it.
function useService(name: string): Service | undefined {
  const { data } = useResource<Service[]>(address("services", { q: name }), {
    concerns: (change) => below(name, change),
  });
  return data?.find((one) => one.name === name);
}

export function ServiceView({ name }: { name: string }) {
  const service = useService(name);
  const shown = param("show");
  const records = service?.records ?? 0;
  const octets = service?.octets.srv ?? 0;
  return (
    <>
      <h1>
        <Name name={name} zone={service?.zone} />
      </h1>
      {service && (
        <p class="summary">
          <span>{plural(service.count, "instance")}</span>
          <span>
            {plural(records, "record")}, {count(octets)} octets{" "}
            <Steps records={records} octets={octets} />
          </span>
          {service.consumers > 0 ? (
            <a href={link("service", name, { show: "consumers" })}>
              {plural(service.consumers, "consumer")}
            </a>
          ) : (
            <span class="soft">nobody asks for it</span>
          )}
          {service.held > 0 && (
            <a href={link("problems")} class="tag held">
              {count(service.held)} held
            </a>
          )}
          {service.invalid > 0 && (
            <a href={link("problems")} class="tag critical">
              {count(service.invalid)} invalid
            </a>
          )}
        </p>
      )}
      <div class="tabs" role="tablist" aria-label="of this service">
        {sections.map(([id, title]) => (
          <button
            type="button"
            role="tab"
            aria-selected={shown === id}
            onClick={() => set({ show: id })}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel">
        {shown === "" && (
          <>
            <StateFilter counts={service?.states} />
            <InstanceRows key={param("q")} name={name} />
          </>
        )}
        {shown === "prometheus" && <AddToPrometheus name={name} service={service} />}
        {shown === "consumers" && <ConsumerList name={name} />}
        {shown === "changes" && <ChangeList name={name} />}
        {shown === "sizes" && <Sizes name={name} service={service} />}
      </div>
    </>
  );
}

function Sizes({ name, service }: { name: string; service: Service | undefined }) {
  if (!service) return <p class="soft">Nothing is registered at exactly this name.</p>;
  const { srv = 0, srv_with_glue: glue = srv } = service.octets;
  return (
    <div class="sizes">
      <h3>{plural(service.records, "SRV record")}</h3>
      <RecordBar records={service.records} />
      <h3>
        {count(srv)} octets <span class="note">the answer to SRV</span>
      </h3>
      <SizeBar octets={srv} label="SRV" />
      <h3>
        {count(glue)} octets{" "}
        <span class="note">
          with the addresses of all targets, which are the first to be left out
        </span>
      </h3>
      <SizeBar octets={glue} label="SRV with addresses" />
      <Advice records={service.records} octets={srv} />
      <p>
        <a href={link("dns", "", { name, type: "SRV" })}>Ask for it in the DNS console</a>
      </p>
    </div>
  );
}
