// What somebody should look at: held, unreadable, critical, lost, in maintenance, too large.
import { useEffect, useState } from "preact/hooks";
import {
  address,
  get,
  type Held,
  type Instance,
  type Instances,
  type Maintenance,
  type Service,
  type State,
} from "../core/api";
import { nearTheEnd } from "../core/limits";
import { useResource, type Care } from "../core/resource";
import { count } from "../core/text";
import {
  HeldSection,
  InvalidSection,
  LargeSection,
  MaintenanceSection,
  shown,
  StateSection,
} from "../parts/problem_sections";
import { Empty } from "../parts/small";
import { Shape } from "../parts/state";

export function Problems() {
  const services = useResource<Service[]>(address("services"));
  const held = useResource<Held[]>(address("protection"), told("held", "released", "returned"));
  const maintenance = useResource<Maintenance[]>(
    address("maintenance"),
    told("maintenance", "maintenance_ended"),
  );
  const critical = useInState("critical");
  const lost = useInState("lost");
  const invalid = useInvalid(services.data);
  const large = services.data?.filter((one) => tooLarge(one)) ?? [];
  const waits = !services.data || !held.data || !maintenance.data || !critical || !lost;
  const none =
    !waits &&
    invalid.total +
      held.data!.length +
      critical.total +
      lost.total +
      maintenance.data!.length +
      large.length ===
      0;
  return (
    <>
      <h1>Problems</h1>
      {!none && (
        <Contents
          of={[
            ["held", "held", held.data?.length],
            ["unreadable", "critical", invalid.total],
            ["critical", "critical", critical?.total],
            ["lost", "lost", lost?.total],
            ["large", "warning", large.length],
            ["in maintenance", "maintenance", maintenance.data?.length],
          ]}
        />
      )}
      {waits && (
        <div class="waiting" role="status">
          reading …
        </div>
      )}
      {none && (
        <Empty title="Nothing to look at">
          <p>
            Nobody is critical or lost, nothing is held, every value can be read, every answer fits.
          </p>
        </Empty>
      )}
      {held.data && held.data.length > 0 && <HeldSection of={held.data} />}
      {invalid.total > 0 && <InvalidSection of={invalid.found} total={invalid.total} />}
      {critical && critical.total > 0 && (
        <StateSection state="critical" of={critical} note="their checks fail" />
      )}
      {lost && lost.total > 0 && (
        <StateSection
          state="lost"
          of={lost}
          note="their owners give no sign of life; each stays until somebody deregisters it"
        />
      )}
      {large.length > 0 && <LargeSection of={large} />}
      {maintenance.data && maintenance.data.length > 0 && (
        <MaintenanceSection of={maintenance.data} />
      )}
    </>
  );
}

function told(...events: string[]): Care {
  return { concerns: (change) => events.includes(change.event) };
}

// What there is of each, and the way there.
function Contents({ of }: { of: Array<[string, string, number | undefined]> }) {
  return (
    <div class="filter" role="group" aria-label="go to">
      {of
        .filter(([, , many]) => many)
        .map(([word, shape, many]) => (
          <button
            type="button"
            class={`chip ${shape}`}
            onClick={() => document.getElementById(word)?.scrollIntoView({ block: "start" })}
          >
            <Shape of={shape} />
            <b>{count(many ?? 0)}</b> {word}
          </button>
        ))}
    </div>
  );
}

function useInState(state: State): Instances | undefined {
  return useResource<Instances>(address("instances", { state, limit: shown })).data;
}

function tooLarge(one: Service): boolean {
  return nearTheEnd(one.octets.srv ?? 0) || one.records > 100;
}

// Instances of services that have unreadable values, read through for them: a bounded part.
const pagesRead = 5;
const pageSize = 2000;
function useInvalid(services: Service[] | undefined): { found: Instance[]; total: number } {
  const [found, setFound] = useState<Instance[]>([]);
  const names = (services ?? []).filter((one) => one.invalid > 0);
  const key = names.map((one) => `${one.name} ${one.changed}`).join("\n");
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const all = new Map<string, Instance>();
      for (const { name } of names.slice(0, 20)) {
        let after = "";
        for (let page = 0; page < pagesRead && all.size < shown; page++) {
          const data = await get<Instances>(
            address("instances", { name, limit: pageSize, after }),
            stop.signal,
          );
          for (const one of data.instances) if (one.problem) all.set(one.key, one);
          after = data.next ?? "";
          if (!after) break;
        }
      }
      setFound([...all.values()]);
    };
    read().catch(() => undefined); // the counts are there all the same
    return () => stop.abort();
  }, [key]);
  return { found, total: names.reduce((sum, one) => sum + one.invalid, 0) };
}
