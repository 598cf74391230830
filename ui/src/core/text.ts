// Numbers and times as people read them.  Pure: who calls says what time it is.

const plain = new Intl.NumberFormat("en-US");

export function count(value: number): string {
  return plain.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

// "12 s", "4 min", "3 h 20 min", "5 d"; "" for what is no time.
export function age(since: string | undefined, now: number): string {
  const then = since ? Date.parse(since) : NaN;
  return Number.isNaN(then) ? "" : duration((now - then) / 1000);
}

export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours < 24) return rest && hours < 6 ? `${hours} h ${rest} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days < 730 ? `${days} d` : `${Math.floor(days / 365)} y`;
}

const pad = (value: number) => String(value).padStart(2, "0");

// Local time to the second, with the day where it is not today.
export function clock(time: string | undefined, now: number): string {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return "";
  const hours = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (new Date(now).toDateString() === at.toDateString()) return hours;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${hours}`;
}
