#!/usr/bin/env node
// A server for work on the page: `node mock/server.mjs [--port=9531] [--size=100000] [--churn]`.
//
// It answers as rollcall would, by a made-up fleet, with the same headers, and serves the built
// page of dist/.  What a test wants to happen it says by POST /mock/...
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { answer } from "./api.mjs";
import { change, makeFleet } from "./fleet.mjs";

const options = Object.fromEntries(
  process.argv.slice(2).map((word) => word.replace(/^--/, "").split("=")),
);
const port = Number(options.port ?? 9531);
const fleet = makeFleet(Number(options.size ?? 100_000));
const dist = fileURLToPath(new URL("../dist", import.meta.url));

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

function json(response, status, body) {
  response
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(body));
}

function file(response, path) {
  const name = `${dist}${path === "/" ? "/index.html" : path}`;
  if (!/^\/(assets\/[\w.-]+)?$/.test(path) || !existsSync(name))
    return response.writeHead(404).end("not here\n");
  return response
    .writeHead(200, {
      "content-type": types[name.split(".").at(-1)],
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
    })
    .end(readFileSync(name));
}

function events(request, response) {
  if (fleet.noStreams)
    return json(response, 503, {
      status: "error",
      errorType: "unavailable",
      error: "too many streams",
    });
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": here\n\n");
  fleet.streams.add(response);
  return request.on("close", () => fleet.streams.delete(response));
}

function control(path, query, response) {
  if (path === "change")
    return json(
      response,
      200,
      change(fleet, query.get("instance"), query.get("event") ?? undefined),
    );
  for (const [key, value] of query)
    fleet[key] =
      value === ""
        ? undefined
        : key === "stale" || value === "true" || value === "false"
          ? JSON.parse(value)
          : value;
  if (fleet.down || fleet.noStreams) for (const stream of fleet.streams) stream.destroy();
  return json(response, 200, { standing: fleet.standing, streams: fleet.streams.size });
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://mock");
  if (request.method === "POST" && pathname.startsWith("/mock/"))
    return control(pathname.slice(6), searchParams, response);
  if (fleet.down) return request.socket.destroy();
  if (!pathname.startsWith("/api/v1/")) return file(response, pathname);
  const path = pathname.slice(8);
  if (path === "events") return events(request, response);
  try {
    return json(response, 200, { status: "success", data: answer(fleet, path, searchParams) });
  } catch (error) {
    return json(response, error.status ?? 500, {
      status: "error",
      errorType: "bad_data",
      error: error.message,
    });
  }
});
server.listen(port, "127.0.0.1", () =>
  console.log(`a fleet of ${fleet.instances.length} at http://127.0.0.1:${server.address().port}/`),
);
setInterval(() => {
  for (const stream of fleet.streams) stream.write(": still here\n\n");
}, 15000).unref();
if ("churn" in options) setInterval(() => change(fleet), 700).unref();
for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => process.exit(0));
