// All instances, whatever they are registered under.
import { address, type Instances as Page } from "../core/api";
import { param } from "../core/location";
import { useResource } from "../core/resource";
import { plural } from "../core/text";
import { InstanceRows, StateFilter } from "../parts/instance_rows";

export function Instances() {
  const { data } = useResource<Page>(address("instances", { limit: 0 }));
  return (
    <>
      <h1>
        Instances{" "}
        {data && (
          <span class="note">
            {plural(data.total, "instance")} at revision {data.revision}
          </span>
        )}
      </h1>
      <StateFilter />
      <InstanceRows key={param("q")} name="" />
    </>
  );
}
