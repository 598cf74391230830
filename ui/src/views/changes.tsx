import { param } from "../core/location";
import { ChangeList } from "../parts/change_list";

export function Changes() {
  return (
    <>
      <h1>
        Changes <span class="note">the latest first, as they happen</span>
      </h1>
      <ChangeList name="" search={param("q")} />
    </>
  );
}
