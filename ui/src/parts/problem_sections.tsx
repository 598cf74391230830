// The sections of the view Problems: what each sort of trouble is, and what to do about it.
import type { ComponentChildren } from "preact";
import type { Held, Instance, Instances, Maintenance, Service, State } from "../core/api";
import { crossed } from "../core/limits";
import { link } from "../core/route";
import { count, plural } from "../core/text";
import { endpoint } from "./instance_rows";
import { Steps } from "./sizes";
import { Age, Clock, Command, Labels, ServiceLink } from "./small";
import { Shape } from "./state";

export const shown = 10; // of each; the rest is a link away

function Title({ shape, text }: { shape: string; text: string }) {
  return (
    <>
      <Shape of={shape} /> {text}
    </>
  );
}

function Item({
  of,
  children,
}: {
  of: { name: string; instance?: string; address?: string; port?: number };
  children?: ComponentChildren;
}) {
  return (
    <li>
      <span class="who">
        {of.instance ? (
          <a href={link("instance", `${of.instance}.${of.name}`)}>
            {of.instance}
            <span class="zone">.{of.name}</span>
          </a>
        ) : (
          <ServiceLink name={of.name} />
        )}
        {of.address && <span class="mono soft">{endpoint(of)}</span>}
      </span>
      {children}
    </li>
  );
}

function Rest({ total, href }: { total: number; href: string }) {
  return total > shown ? (
    <p>
      <a href={href}>all {count(total)}</a>
    </p>
  ) : null;
}

export function HeldSection({ of }: { of: Held[] }) {
  const names = [...new Set(of.map((one) => one.name))];
  return (
    <section class="problem" id="held">
      <h2>
        <Title shape="held" text={`${count(of.length)} held`} />
        <span class="note">vanished without a deregistration, and answered all the same</span>
      </h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <Item key={one.key} of={one}>
            <span class="soft">
              <Age since={one.since} />
            </span>
            <span>{one.why}</span>
          </Item>
        ))}
      </ul>
      {of.length > shown && <p class="soft">and {count(of.length - shown)} more</p>}
      <p>
        If it was meant, let them go; otherwise register them again, and they are held no longer.
      </p>
      <Command
        text={names
          .slice(0, 10)
          .map((name) => `rollcall protect release ${name}`)
          .join("\n")}
      />
    </section>
  );
}

export function InvalidSection({ of, total }: { of: Instance[]; total: number }) {
  return (
    <section class="problem" id="unreadable">
      <h2>
        <Title shape="critical" text={`${plural(total, "value")} that cannot be read`} />
        <span class="note">what was last readable is still answered</span>
      </h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <Item key={one.key} of={one}>
            <span />
            <span>{one.problem}</span>
            <span class="mono soft">{one.key}</span>
          </Item>
        ))}
      </ul>
      {of.length < total && <p class="soft">{of.length > 0 ? "The others: " : "Which ones: "}</p>}
      {of.length < total && <Command text="rollcall check records" />}
    </section>
  );
}

export function StateSection({ state, of, note }: { state: State; of: Instances; note: string }) {
  return (
    <section class="problem" id={state}>
      <h2>
        <Title shape={state} text={`${count(of.total)} ${state}`} />
        <span class="note">{note}</span>
      </h2>
      <ul class="items">
        {of.instances.map((one) => (
          <Item key={one.key} of={one}>
            <span class="soft">
              <Age since={one.since} />
            </span>
            <span>{one.why}</span>
            <Labels of={one.labels} />
          </Item>
        ))}
      </ul>
      <Rest total={of.total} href={link("instances", "", { q: `state:${state}` })} />
      {state === "lost" && (
        <>
          <p class="soft">Those lost for long, in one go, after a question:</p>
          <Command text="rollcall deregister --lost-for=7d" />
        </>
      )}
    </section>
  );
}

export function LargeSection({ of }: { of: Service[] }) {
  return (
    <section class="problem" id="large">
      <h2>
        <Title shape="warning" text={`${plural(of.length, "large name")}`} />
        <span class="note">near or over a limit of DNS; http_sd has none</span>
      </h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <li key={one.name}>
            <span class="who">
              <ServiceLink name={one.name} zone={one.zone} />
            </span>
            <Steps records={one.records} octets={one.octets.srv ?? 0} />
            <span>
              {plural(one.records, "record")}, {count(one.octets.srv ?? 0)} octets
            </span>
            <a href={link("service", one.name, { show: "sizes" })}>
              over {crossed(one.records, one.octets.srv ?? 0).at(-1)?.name ?? "80 %"}: what that
              means
            </a>
          </li>
        ))}
      </ul>
      {of.length > shown && (
        <p>
          <a href={link("services", "", { sort: "size" })}>all {count(of.length)}, by size</a>
        </p>
      )}
    </section>
  );
}

export function MaintenanceSection({ of }: { of: Maintenance[] }) {
  return (
    <section class="problem" id="in maintenance">
      <h2>
        <Title shape="maintenance" text={`${count(of.length)} in maintenance`} />
        <span class="note">instances, names and hosts that are left out of the healthy view</span>
      </h2>
      <ul class="items">
        {of.slice(0, shown).map((one) => (
          <li key={one.subject}>
            <span class="who">
              {one.name ? (
                <a
                  href={link(
                    one.name.startsWith(one.subject) ? "service" : "instance",
                    one.subject,
                  )}
                >
                  {one.subject}
                </a>
              ) : (
                one.subject
              )}
            </span>
            <span class="soft">
              {one.until ? (
                <>
                  until <Clock at={one.until} />
                </>
              ) : (
                "until somebody ends it"
              )}
            </span>
            <span>
              {[one.problem, one.reason, one.by && `by ${one.by}`].filter(Boolean).join(", ")}
            </span>
          </li>
        ))}
      </ul>
      {of.length > shown && (
        <p class="soft">
          and {count(of.length - shown)} more: <code>rollcall maintenance list</code>
        </p>
      )}
    </section>
  );
}
