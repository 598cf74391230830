// client.js PORT - what test.py asks of the npm client consul: prints a line for each change that
// its watch sees, and what the plain calls answer.
'use strict';

const Consul = require('consul');

const consul = new Consul({ port: Number(process.argv[2]) });

function ids(instances) {
  return instances.map((one) => one.Service.ID).sort().join(' ');
}

async function main() {
  console.log(`leader: ${await consul.status.leader() !== ''}`);
  console.log(`datacenters: ${await consul.catalog.datacenters()}`);
  console.log(`services: ${JSON.stringify(await consul.catalog.service.list())}`);
  const nodes = await consul.catalog.service.nodes('node');
  console.log(`nodes: ${nodes.map((one) => `${one.ServiceAddress}:${one.ServicePort}`).sort().join(' ')}`);
  console.log(`passing: ${ids(await consul.health.service({ service: 'node', passing: true }))}`);
  console.log(`tagged: ${ids(await consul.health.service({ service: 'node', tag: 'linux' }))}`);
  const watch = consul.watch({
    method: consul.health.service,
    options: { service: 'node', wait: '2s' },
    backoffFactor: 50,
    backoffMax: 200,
  });
  watch.on('change', (data) => console.log(`change: ${ids(data)}`));
  watch.on('error', (error) => console.log(`error: ${error.message}`));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
