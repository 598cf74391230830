// What somebody must know before he believes what he sees.
import { lastContact, link, store } from "../core/live";
import { now } from "../core/clock";
import { clock, duration } from "../core/text";

function what(): { kind: string; title: string; text: string } | null {
  const seen = lastContact.value
    ? clock(new Date(lastContact.value).toISOString(), Date.now())
    : "";
  if (link.value === "down") {
    return {
      kind: "critical",
      title: "No connection to the server",
      text: seen
        ? `What you see is from ${seen}, and may be wrong by now. Trying again every 5 s.`
        : "Nothing can be shown. Trying again every 5 s.",
    };
  }
  const { standing, stale_seconds: stale = 0, trouble } = store.value ?? {};
  if (standing === "never") {
    return {
      kind: "critical",
      title: "The server knows nothing yet",
      text:
        "It has never reached its store, and kept nothing from before. DNS answers SERVFAIL and " +
        "HTTP 503, so Prometheus keeps the targets it has.",
    };
  }
  if (standing === "stale") {
    return {
      kind: "warning",
      title: "The server is not sure",
      text:
        `Its store has given no sign for ${duration(stale)}. It goes on answering what it knew last; ` +
        "changes since then are not seen here. Targets stay in Prometheus.",
    };
  }
  if (trouble) {
    return {
      kind: "warning",
      title: "The store takes no writes",
      text: `Answers go on. ${trouble}`,
    };
  }
  return null;
}

export function Banner() {
  now.value; // ages move on
  const said = what();
  return (
    <div role="status" aria-live="polite">
      {said && (
        <div class={`banner ${said.kind}`}>
          <strong>{said.title}.</strong> <span>{said.text}</span>
        </div>
      )}
    </div>
  );
}
