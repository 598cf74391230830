// Whether the screen is a phone's: rows are cards of two lines there.
import { signal } from "@preact/signals";

const query = window.matchMedia("(max-width: 720px)");
export const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});
