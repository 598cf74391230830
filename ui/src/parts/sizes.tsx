// How large an answer is, against the limits it can meet.
import { crossed, limits, nearTheEnd, onScale } from "../core/limits";
import { count } from "../core/text";

const marks: Array<[number, string]> = [
  [512, "512"],
  [1232, "1,232"],
  [4096, "4,096"],
  [65535, "65,535"],
];

// A bar on a logarithmic scale with the limits marked on it.
export function SizeBar({ octets, label }: { octets: number; label: string }) {
  const over = octets > 65535;
  const kind = over ? "critical" : nearTheEnd(octets) ? "warning" : "";
  const text = `${label}: ${count(octets)} octets${over ? ", more than a DNS message holds" : ""}`;
  return (
    <div class="sizebar" role="img" aria-label={text}>
      <div class="track">
        <div class={`fill ${kind}`} style={{ width: `${100 * onScale(octets)}%` }} />
        {marks.map(([at]) => (
          <div class="mark" style={{ left: `${100 * onScale(at)}%` }} />
        ))}
      </div>
      <div class="scale" aria-hidden="true">
        {marks.map(([at, name]) => (
          <span class={octets > at ? "past" : ""} style={{ left: `${100 * onScale(at)}%` }}>
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

export function RecordBar({ records }: { records: number }) {
  // By its logarithm, as octets are: 1 to 10,000.
  const place = (value: number) => Math.min(1, Math.log10(Math.max(1, value)) / 4);
  return (
    <div
      class="sizebar"
      role="img"
      aria-label={`${count(records)} records, of 100 that BIND passes on`}
    >
      <div class="track">
        <div
          class={`fill ${records > 100 ? "warning" : ""}`}
          style={{ width: `${100 * place(records)}%` }}
        />
        <div class="mark" style={{ left: `${100 * place(100)}%` }} />
      </div>
      <div class="scale" aria-hidden="true">
        <span class={records > 100 ? "past" : ""} style={{ left: `${100 * place(100)}%` }}>
          100
        </span>
      </div>
    </div>
  );
}

// In a table: four steps, of which those that are crossed are full.
export function Steps({ records, octets }: { records: number; octets: number }) {
  const past = crossed(records, octets);
  const near = nearTheEnd(octets) && octets <= 65535;
  const text =
    past.length > 0 ? `over ${past.map((one) => one.name).join(", ")}` : "within all limits";
  return (
    <span class="steps" role="img" aria-label={text} title={text}>
      {limits.map((limit) => (
        <span
          class={
            past.includes(limit)
              ? `past ${limit.value === 65535 ? "full" : ""}`
              : near && limit.value === 65535
                ? "near"
                : ""
          }
        />
      ))}
    </span>
  );
}

export function Advice({ records, octets }: { records: number; octets: number }) {
  const past = crossed(records, octets);
  if (past.length === 0)
    return (
      <p class="soft">Within all limits: one datagram holds it, and every resolver passes it on.</p>
    );
  return (
    <ul class="advice">
      {past.map((limit) => (
        <li>
          <strong>Over {limit.name}.</strong> {limit.advice}
        </li>
      ))}
    </ul>
  );
}
