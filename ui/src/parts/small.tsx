// The small parts that every view is made of.
import { useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { ApiError } from "../core/api";
import { now } from "../core/clock";
import { link } from "../core/route";
import { age, clock } from "../core/text";

// "4 min", with the whole time to hover.
export function Age({ since }: { since: string | undefined }) {
  const text = age(since, now.value);
  return text ? (
    <time dateTime={since} title={clock(since, 0)}>
      {text}
    </time>
  ) : (
    <span class="soft">–</span>
  );
}

export function Clock({ at }: { at: string | undefined }) {
  return (
    <time dateTime={at} title={at}>
      {clock(at, now.value)}
    </time>
  );
}

// A name with its zone in the background.
export function Name({ name, zone }: { name: string; zone?: string | undefined }) {
  const has = zone && name.endsWith(`.${zone}`);
  const own = has ? name.slice(0, -zone.length - 1) : name;
  return (
    <span class="name">
      {own}
      {has && <span class="zone">.{zone}</span>}
    </span>
  );
}

export function ServiceLink({ name, zone }: { name: string; zone?: string | undefined }) {
  return (
    <a class="open" href={link("service", name)}>
      <Name name={name} zone={zone} />
    </a>
  );
}

export function Labels({
  of,
  pick,
}: {
  of: Record<string, string>;
  pick?: (key: string, value: string) => void;
}) {
  return (
    <span class="labels">
      {Object.entries(of).map(([key, value]) => {
        const text = (
          <>
            <span class="key">{key}</span>
            {value}
          </>
        );
        return pick ? (
          <button
            type="button"
            class="label"
            title={`${key}=${value}: show only these`}
            onClick={() => pick(key, value)}
          >
            {text}
          </button>
        ) : (
          <span class="label" title={`${key}=${value}`}>
            {text}
          </span>
        );
      })}
    </span>
  );
}

// Text to be taken along.
export function Copy({ text, label }: { text: string; label: string }) {
  const [said, say] = useState("");
  const pre = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("copied");
    } catch {
      // No secure context: plain HTTP from elsewhere.
      if (pre.current) getSelection()?.selectAllChildren(pre.current);
      say("selected: copy it by Ctrl+C");
    }
    setTimeout(() => say(""), 2500);
  };
  return (
    <div class="copy">
      <pre ref={pre} tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <button type="button" onClick={() => void copy()}>
        {said || "copy"}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  );
}

export function Command({ text }: { text: string }) {
  return <Copy text={text} label="command" />;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="what">{title}</p>
      {children}
    </div>
  );
}

// What there is instead of an answer.
export function Waiting({ error }: { error?: Error | undefined | null }) {
  const wrong = error instanceof ApiError && error.status === 400;
  if (error)
    return (
      <Empty title={wrong ? "That cannot be asked" : "No answer yet"}>
        <p>{error.message}</p>
      </Empty>
    );
  return (
    <div class="waiting" role="status">
      reading …
    </div>
  );
}

export function Section({
  title,
  note,
  children,
}: {
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section>
      <h2>
        {title}
        {note !== undefined && <span class="note">{note}</span>}
      </h2>
      {children}
    </section>
  );
}

export function Facts({ of }: { of: Array<[string, ComponentChildren]> }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
