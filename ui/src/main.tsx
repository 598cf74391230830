import { render } from "preact";
import "./style/tokens.css";
import "./style/frame.css";
import "./style/tables.css";
import "./style/parts.css";
import "./style/views.css";
import { App } from "./app";
import { startClock } from "./core/clock";
import { start } from "./core/live";
import { applyTheme, nextTheme } from "./core/theme";
import { startKeys } from "./parts/keys";

applyTheme();
startClock();
start();
startKeys(nextTheme);
render(<App />, document.querySelector("#page")!);
