import { param } from "../core/location";
import { ConsumerList } from "../parts/consumer_list";

export function Consumers() {
  return (
    <>
      <h1>
        Consumers <span class="note">who asks, and what he was last told</span>
      </h1>
      <ConsumerList name="" search={param("q")} />
    </>
  );
}
