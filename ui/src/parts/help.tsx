import { useEffect, useRef } from "preact/hooks";
import { states } from "../core/api";
import { helpShown, keys } from "./keys";
import { StateBadge } from "./state";

const meaning: Record<string, string> = {
  passing: "its checks pass",
  warning: "its checks warn; it is still healthy",
  critical: "its checks fail",
  lost: "its owner gives no sign of life; it stays until somebody deregisters it",
  maintenance: "somebody said so",
  static: "nobody says how it is: registered by hand",
};

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = helpShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  const close = () => (helpShown.value = false);
  return (
    <dialog
      ref={dialog}
      // Before it is gone to the eye, as onClose comes later: the next key is for the page.
      onCancel={close}
      onClose={close}
      aria-labelledby="help-title"
      onClick={(event) => event.target === dialog.current && close()}
    >
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keys.map(([key, does]) => (
          <div>
            <dt>
              {key.split("  ").map((one) => (
                <kbd>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h2>States</h2>
      <dl class="keys">
        {states.map((state) => (
          <div>
            <dt>
              <StateBadge state={state} />
            </dt>
            <dd>{meaning[state]}</dd>
          </div>
        ))}
      </dl>
      <p class="soft">The page reads. Commands that change something are shown, to be copied.</p>
      <button type="button" onClick={close}>
        close
      </button>
    </dialog>
  );
}
