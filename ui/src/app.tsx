// The frame: head, banner, and the view that the address names.
import { useEffect } from "preact/hooks";
import { route } from "./core/location";
import type { Route } from "./core/route";
import { Banner } from "./parts/banner";
import { Header } from "./parts/header";
import { Help } from "./parts/help";
import { Changes } from "./views/changes";
import { Consumers } from "./views/consumers";
import { DnsConsole } from "./views/dns";
import { InstanceView } from "./views/instance";
import { Instances } from "./views/instances";
import { Problems } from "./views/problems";
import { ServiceView } from "./views/service";
import { Services } from "./views/services";

function view({ view: name, arg }: Route) {
  switch (name) {
    case "services":
      return <Services />;
    case "service":
      return <ServiceView key={arg} name={arg} />;
    case "instances":
      return <Instances />;
    case "instance":
      return <InstanceView key={arg} name={arg} />;
    case "problems":
      return <Problems />;
    case "consumers":
      return <Consumers />;
    case "changes":
      return <Changes />;
    case "dns":
      return <DnsConsole />;
  }
}

export function App() {
  const { view: name, arg } = route.value;
  useEffect(() => {
    document.title = `${arg || name} · rollcall`;
    window.scrollTo(0, 0);
  }, [name, arg]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main")?.focus();
        }}
      >
        to the content
      </a>
      <Header />
      <Banner />
      <main id="main" tabIndex={-1}>
        {view(route.value)}
      </main>
      <Help />
    </>
  );
}
