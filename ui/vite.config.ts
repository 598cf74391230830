import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

// FILE.gz beside each file that it makes smaller: the server compresses nothing itself.
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
        if (!/\.(html|js|css|svg)$/.test(name)) continue;
        const whole = readFileSync(`dist/${name}`);
        const small = gzipSync(whole, { level: 9 });
        if (small.length < whole.length) writeFileSync(`dist/${name}.gz`, small);
      }
    },
  };
}

export default defineConfig({
  // Relative addresses, so that the page also works below a path of a reverse proxy.
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  plugins: [compressed()],
  build: {
    target: "es2022",
    // Everything in files of our own: the content security policy allows no inline text.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": process.env["ROLLCALL"] ?? "http://127.0.0.1:9531" },
  },
});
