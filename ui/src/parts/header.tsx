// What is above every view: where to go, what to look for, whether it is live.
import { useState } from "preact/hooks";
import { go, param, route, set } from "../core/location";
import { link as connection } from "../core/live";
import { link } from "../core/route";
import { narrow } from "../core/screen";
import { nextTheme, theme } from "../core/theme";
import { helpShown, move, tabs } from "./keys";

const said = {
  connecting: ["connecting", "Connecting for changes as they happen"],
  live: ["live", "Changes are shown as they happen"],
  polling: ["every 5 s", "No stream of changes can be had: the page looks every 5 seconds"],
  down: ["disconnected", "The server does not answer"],
} as const;

const hints: Partial<Record<string, string>> = {
  services: "services by name",
  service: "of this service: words, state:lost, rack=r12",
  instances: "words, state:lost, rack=r12",
  consumers: "client, name, user agent",
  changes: "name, instance, who, why",
};

// Where there is nothing to search, it looks for instances.
function Search() {
  const { view } = route.value;
  const here = hints[view] !== undefined;
  const [elsewhere, setElsewhere] = useState("");
  const text = here ? param("q") : elsewhere;
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (here) move(1);
        if (here || !text) return;
        setElsewhere("");
        go(link("instances", "", { q: text }));
      }}
    >
      <input
        id="search"
        type="search"
        autoComplete="off"
        spellcheck={false}
        enterKeyHint="search"
        value={text}
        aria-label="search"
        placeholder={
          narrow.value ? "search" : (hints[view] ?? "instances: words, state:lost, rack=r12")
        }
        onInput={(event) => {
          if (here) set({ q: event.currentTarget.value }, true);
          else setElsewhere(event.currentTarget.value);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

export function Header() {
  const { view } = route.value;
  const [word, explained] = said[connection.value];
  const under = view === "service" ? "services" : view === "instance" ? "instances" : view;
  return (
    <header class="top">
      <a class="mark" href={link("services")} aria-label="rollcall, services">
        rollcall
      </a>
      <nav aria-label="views">
        {tabs.map(([name, title]) => (
          <a href={link(name)} aria-current={under === name ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <Search />
      <div class="tools">
        <span class={`link ${connection.value}`} role="status" title={explained}>
          <i aria-hidden="true" />
          {word}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={nextTheme}
          title="light, dark, as the system (t)"
          aria-label={`colours: ${theme.value}`}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            {theme.value === "light" && (
              <path d="M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7zM7.3 0h1.4v2.6H7.3zM7.3 13.4h1.4V16H7.3zM0 7.3h2.6v1.4H0zM13.4 7.3H16v1.4h-2.6z" />
            )}
            {theme.value === "dark" && (
              <path d="M6 1.5A6.5 6.5 0 1 0 14.5 10A5.5 5.5 0 0 1 6 1.5z" />
            )}
            {theme.value === "system" && (
              <path
                fill-rule="evenodd"
                d="M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zm0 1.5v10a5 5 0 0 1 0-10z"
              />
            )}
          </svg>
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => (helpShown.value = true)}
          title="keys (?)"
          aria-label="keys"
        >
          ?
        </button>
      </div>
    </header>
  );
}
