// client.js HOST CASE [USER PASSWORD CA CERT KEY] - what test.py asks of the npm client etcd3.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { Etcd3, EtcdLockFailedError, EtcdAuthenticationFailedError } =
    require('etcd3');

const [host, wanted, user, password, ca, cert, key] = process.argv.slice(2);

function connect(changes = {}) {
  const options = { hosts: host, ...changes };
  if (ca) {
    options.credentials = {
      rootCertificate: readFileSync(ca), certChain: readFileSync(cert), privateKey: readFileSync(key),
    };
  }
  if (user) options.auth = { username: user, password, ...changes.auth };
  return new Etcd3(options);
}

// A promise with its ends outside.
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

const cases = {
  async values(client) {
    await client.put('n/a').value('1');
    await client.put('n/b').value(Buffer.from([0, 255, 10]));
    assert.equal(await client.get('n/a').string(), '1');
    assert.deepEqual(await client.get('n/b').buffer(), Buffer.from([0, 255, 10]));
    assert.equal(await client.get('n/none').string(), null);
    assert.equal(await client.get('n/a').exists(), true);
    const before = await client.put('n/a').value('2').getPrevious();
    assert.equal(before.value.toString(), '1');
    await Promise.all(Array.from({ length: 300 }, (_, i) => client.put(`many/${i}`).value(i)));
    assert.equal(await client.getAll().prefix('many/').count(), 300);
    const newest = await client.getAll().prefix('many/').sort('Create', 'Descend').limit(2).exec();
    assert.equal(newest.kvs.length, 2);
    assert.equal(newest.more, true);
    assert.equal((await client.getAll().prefix('n/').strings())['n/a'], '2');
    assert.equal((await client.delete().key('n/a').exec()).deleted, '1');
    assert.equal((await client.delete().prefix('many/').exec()).deleted, '300');
    assert.deepEqual(await client.getAll().prefix('many/').keys(), []);
  },

  async namespaces(client) {
    const one = client.namespace('one/');
    const two = client.namespace('two/');
    await one.put('key').value('of one');
    await two.put('key').value('of two');
    assert.equal(await one.get('key').string(), 'of one');
    assert.deepEqual(await two.getAll().strings(), { key: 'of two' });
    assert.equal(await client.get('one/key').string(), 'of one');
    await one.delete().all();
    assert.deepEqual(await client.getAll().prefix('one/').keys(), []);
    assert.equal(await two.get('key').string(), 'of two');
  },

  async transactions(client) {
    const lease = client.lease(60);
    await lease.put('t/leased').value('x');
    await client.put('t/a').value('1');
    const { kvs: [kv] } = await client.get('t/a').exec();
    const branch = async (...condition) =>
      (await client.if(...condition).then(client.put('t/out').value('then'))
        .else(client.get('t/a')).commit()).succeeded;
    assert.equal(await branch('t/a', 'Value', '==', '1'), true);
    assert.equal(await branch('t/a', 'Value', '!=', '1'), false);
    assert.equal(await branch('t/a', 'Mod', '==', kv.mod_revision), true);
    assert.equal(await branch('t/a', 'Mod', '>', kv.mod_revision), false);
    assert.equal(await branch('t/a', 'Create', '<', Number(kv.create_revision) + 1), true);
    assert.equal(await branch('t/a', 'Version', '==', 2), false);
    assert.equal(await branch('t/none', 'Create', '==', 0), true);
    // By the lease, which etcdctl cannot compare.
    assert.equal(await branch('t/leased', 'Lease', '==', await lease.grant()), true);
    assert.equal(await branch('t/a', 'Lease', '!=', 0), false);
    const both = await client.if('t/a', 'Value', '==', '1').and('t/none', 'Version', '==', 1)
      .then(client.put('t/out').value('never')).else(client.get('t/a'), client.delete().key('t/out')).commit();
    assert.equal(both.succeeded, false);
    assert.equal(both.responses[0].response_range.kvs[0].value.toString(), '1');
    assert.equal(both.responses[1].response_delete_range.deleted, '1');
    // Optimistic: many who add at once, none is lost.
    await client.put('t/counter').value(0);
    await Promise.all(Array.from({ length: 8 }, () => client.stm({ retries: 100 }).transact(async (tx) => {
      const found = await tx.get('t/counter').number();
      await tx.put('t/counter').value(found + 1);
    })));
    assert.equal(await client.get('t/counter').number(), 8);
    await lease.revoke();
    assert.equal(await client.get('t/leased').string(), null);
  },

  async leases(client) {
    const kept = client.lease(2);
    const left = client.lease(2, { autoKeepAlive: false });
    await kept.put('l/kept').value('x');
    await left.put('l/left').value('x');
    const watcher = await client.watch().prefix('l/').create();
    const [gone] = await once(watcher, 'delete');
    assert.equal(gone.key.toString(), 'l/left');
    const lost = once(left, 'lost');
    await assert.rejects(left.keepaliveOnce());
    await lost;
    await once(kept, 'keepaliveSucceeded');
    assert.equal(await client.get('l/kept').string(), 'x');
    await kept.revoke();
    assert.equal(await client.get('l/kept').string(), null);
    await watcher.cancel();
  },

  async locks(client) {
    const order = [];
    const first = client.lock('the-lock').ttl(10);
    await first.acquire();
    await assert.rejects(client.lock('the-lock').ttl(10).acquire(), EtcdLockFailedError);
    await first.release();
    await client.lock('the-lock').ttl(10).do(async () => {
      order.push('inside');
      await assert.rejects(client.lock('the-lock').acquire(), EtcdLockFailedError);
    });
    await client.lock('the-lock').do(() => order.push('again'));
    assert.deepEqual(order, ['inside', 'again']);
  },

  async elections(client) {
    const election = client.election('the-post', 10);
    const one = await election.campaign('one').wait();
    const observer = await election.observe();
    const other = election.campaign('other');
    const elected = deferred();
    other.on('elected', () => elected.resolve());
    await once(other, '_isWaiting');
    assert.equal(await election.leader(), 'one');
    const changed = deferred();
    observer.on('change', (value) => { if (value === 'other') changed.resolve(); });
    await one.resign();
    await elected.promise;
    await changed.promise;
    assert.equal(await election.leader(), 'other');
    await observer.cancel();
    await other.resign();
    assert.equal(await election.leader(), undefined);
  },

  // Tells "watching", is told "end LAST" once the server was killed, started again and
  // written to; each change since has to come, once and in order.
  async watches(client) {
    const seen = [];
    let disconnected = 0;
    let wake = () => {};
    const watcher = await client.watch().prefix('w/').withPreviousKV().create();
    watcher.on('put', (kv) => { seen.push(`${kv.key}=${kv.value}`); wake(); });
    watcher.on('delete', (kv, before) => { seen.push(`${kv.key} was ${before.value}`); wake(); });
    watcher.on('disconnected', () => ++disconnected);
    const only = await client.watch().prefix('w/').only('delete').create();
    let deletions = 0;
    only.on('data', ({ events }) => {
      assert.ok(events.every((event) => event.type === 'Delete'));
      deletions += events.length;
      wake();
    });
    console.log('watching');
    const lines = createInterface({ input: process.stdin });
    const [line] = await once(lines, 'line');
    const last = Number(line.split(' ')[1]);
    const expected = [];
    for (let number = 1; number <= last; ++number) {
      expected.push(`w/key=${number}`);
      if (number % 10 === 0) expected.push(`w/key was ${number}`);
    }
    while (seen.length < expected.length || deletions < Math.floor(last / 10)) {
      await new Promise((resolve) => { wake = resolve; });
    }
    assert.deepEqual(seen, expected);
    assert.equal(deletions, Math.floor(last / 10));
    assert.ok(disconnected > 0, 'it was away meanwhile');
    lines.close();
    await watcher.cancel();
    await only.cancel();
  },

  async users(client) {
    await client.put('u/a').value('1');
    assert.equal(await client.get('u/a').string(), '1');
    for (const auth of [{ password: 'wrong' }, { username: 'nobody' }]) {
      const stranger = connect({ auth });
      await assert.rejects(stranger.get('u/a').string(), EtcdAuthenticationFailedError);
      stranger.close();
    }
    const watcher = await client.watch().key('u/a').create();
    const changed = once(watcher, 'put');
    await client.put('u/a').value('2');
    assert.equal((await changed)[0].value.toString(), '2');
    await watcher.cancel();
  },
};

async function main() {
  const names = wanted === 'all' ? Object.keys(cases).filter((name) => !['watches', 'users'].includes(name))
                                 : [wanted];
  const client = connect();
  for (const name of names) {
    await cases[name](client);
    console.log(`${name}: passed`);
  }
  client.close();
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
