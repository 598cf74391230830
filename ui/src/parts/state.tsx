// States, told by shape and word; colour only repeats them.
import { states, type State } from "../core/api";
import { count } from "../core/text";

const shapes: Record<string, string> = {
  passing: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z", // disc
  warning: "M8 2L14.5 13.5H1.5z", // triangle
  critical: "M2.8 2.8H13.2V13.2H2.8z", // square
  lost: "M3 4.4L4.4 3L8 6.6L11.6 3L13 4.4L9.4 8L13 11.6L11.6 13L8 9.4L4.4 13L3 11.6L6.6 8z", // cross
  maintenance: "M2.5 6H13.5V10H2.5z", // bar
  static:
    "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zm0 2.2a3.3 3.3 0 1 1 0 6.6a3.3 3.3 0 1 1 0-6.6z", // ring
  held: "M8 1.5L14.5 8L8 14.5L1.5 8z", // diamond
  unknown: "M7 2h2v12H7z",
};

export function Shape({ of }: { of: string }) {
  return (
    <svg class={`shape ${of}`} viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
      <path d={shapes[of] ?? shapes["unknown"] ?? ""} fill-rule="evenodd" />
    </svg>
  );
}

export function StateBadge({ state }: { state: string }) {
  return (
    <span class={`state ${state}`}>
      <Shape of={state} />
      <span>{state}</span>
    </span>
  );
}

// How many are in each state: a bar of their shares, and the numbers that matter.
export function StateCounts({ of }: { of: Partial<Record<State, number>> }) {
  const all = states.reduce((sum, state) => sum + (of[state] ?? 0), 0);
  const there = states.filter((state) => (of[state] ?? 0) > 0);
  const text = there.map((state) => `${count(of[state] ?? 0)} ${state}`).join(", ");
  return (
    <span class="counts" title={text}>
      <span class="share" role="img" aria-label={text}>
        {there.map((state) => (
          // A share that is there is to be seen, however small.
          <span class={state} style={{ flexGrow: Math.max((of[state] ?? 0) / all, 0.02) }} />
        ))}
      </span>
      <span class="numbers" aria-hidden="true">
        {there.map((state) => (
          <span class={`number ${state}`}>
            <Shape of={state} />
            {count(of[state] ?? 0)}
          </span>
        ))}
      </span>
    </span>
  );
}
