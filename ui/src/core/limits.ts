// The sizes a name can cross, and what happens to who asks for it then.

export interface Limit {
  value: number;
  unit: "records" | "octets";
  name: string;
  // What somebody who crosses it should know.
  advice: string;
}

export const limits: Limit[] = [
  {
    value: 100,
    unit: "records",
    name: "100 records",
    advice:
      "A BIND resolver in between answers SERVFAIL above 100 records (its default): " +
      "Prometheus keeps its list and sees no change. Raise max-records-per-type, ask rollcall " +
      "directly, or use http_sd.",
  },
  {
    value: 1232,
    unit: "octets",
    name: "1,232 octets",
    advice:
      "Does not fit one UDP datagram any more: the answer has TC and is asked again by TCP. " +
      "TCP port 53 must be open between Prometheus and the server.",
  },
  {
    value: 4096,
    unit: "octets",
    name: "4,096 octets",
    advice: "More than the size Prometheus announces: always by TCP.",
  },
  {
    value: 65535,
    unit: "octets",
    name: "65,535 octets",
    advice:
      "No DNS message holds it: the answer has TC by TCP too, and Prometheus keeps the list " +
      "it had. Use http_sd, which has no limit, or shards: _shard0of4.NAME.",
  },
];

// Those that are crossed, the highest last; the one of 64 KiB is near from 80 % on.
export function crossed(records: number, octets: number): Limit[] {
  return limits.filter(({ value, unit }) => (unit === "records" ? records : octets) > value);
}

export function nearTheEnd(octets: number): boolean {
  return octets > 0.8 * 65535;
}

// Where a size lies on a scale that shows 512 and 65,535 both: 0 to 1, by its logarithm.
export function onScale(octets: number): number {
  const low = Math.log(64);
  const high = Math.log(65535 * 1.6);
  return Math.min(1, Math.max(0, (Math.log(Math.max(1, octets)) - low) / (high - low)));
}
