// The administrator's file and environment, as the real program takes them at its start.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {makeWav} from './support/audio.mjs';
import {binary, kPatienceMs, Server} from './support/server.mjs';

const kGolden = fileURLToPath(new URL('../data/goldens/bs_roformer-plain/', import.meta.url));
const wav = makeWav({seconds: 0.3});

// A start that must fail: its exit status and what it says.
function refusedStart(text, environment = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'msst-config-'));
  try {
    writeFileSync(path.join(folder, 'msst.yaml'), text);
    const run = spawnSync(binary, ['serve'], {cwd: folder, encoding: 'utf8', timeout: kPatienceMs,
      env: {...process.env, MSST_PORT: '0', MSST_DATA_DIR: path.join(folder, 'data'), ...environment}});
    assert.equal(run.signal, null, 'the server started');
    assert.notEqual(run.status, 0);
    assert.doesNotMatch(run.stdout, /listening/);
    return run.stderr;
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

// Writes its configuration as another file, or none.
class ServerWith extends Server {
  constructor(writeConfig, settings, options) {
    super(settings, options);
    this.writeConfig = () => writeConfig(this);
  }
}

async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => listener.once('listening', done));
  const {port} = listener.address();
  await new Promise(done => listener.close(done));
  return port;
}

test('every invalid value is told at once, with its line, and nothing is started', () => {
  const told = refusedStart('prot: 8000\nmax_file_size: 5XB\nport: 8000\ncleanup_retention_hours: -1\nhost: 127.0.0.1\nport: 1\n',
    {MSST_LEASE_SECONDS: 'soon'});
  for (const line of [/msst\.yaml:1: .*'prot'.*'port'/, /msst\.yaml:2: max_file_size .*'5XB'/, /msst\.yaml:4: cleanup_retention_hours/,
    /msst\.yaml:6: port .*twice.*line 3/, /MSST_LEASE_SECONDS: .*'soon'/]) assert.match(told, line);
});

test('values that contradict each other are refused', () => {
  assert.match(refusedStart('enable_auth: true\n'), /api_keys/);
  assert.match(refusedStart('host: 0.0.0.0\n'), /enable_auth/);
  assert.match(refusedStart('metadata_retention_hours: 1\n'), /metadata_retention_hours/);
  assert.match(refusedStart('default_model_type: nowhere\n'), /nowhere/);
});

test('a file that is not YAML is refused with the place of the mistake', () => {
  assert.match(refusedStart('port: [1, 2\nhost: x\n'), /msst\.yaml:\d+/);
});

test('without a file the defaults are used, and a warning is logged', async t => {
  const server = new ServerWith(() => [], {}, {environment: {MSST_PORT: '0'}});
  server.dataDir = path.join(server.folder, 'msst-data');
  t.after(() => server.destroy());
  await server.start();
  assert.match(server.stderr, /warning: .*msst\.yaml: no such file; the defaults are used/);
  assert.ok(server.log().some(entry => entry.level === 'warning' && /no such file/.test(entry.message)));
  assert.equal((await server.get('/api/v1/models')).json().default_model_type, 'dsp');
  const {task_id: id} = (await server.submit(wav)).json();
  const task = await server.completed(id);
  const hours = (Date.parse(task.expires_at) - Date.parse(task.completed_at)) / 3_600_000;
  assert.equal(hours, 24);
});

test('the file may be JSON', async t => {
  const server = new ServerWith(self => {
    const file = path.join(self.folder, 'msst.json');
    writeFileSync(file, JSON.stringify({...self.settings, cleanup_retention_hours: 2}));
    return ['-c', file];
  }, {});
  t.after(() => server.destroy());
  await server.start();
  const task = await server.completed(await server.task(wav));
  assert.equal(Date.parse(task.expires_at) - Date.parse(task.completed_at), 2 * 3_600_000);
});

test('host, port, size, retention, workers and default model are configured, and the environment goes before the file', async t => {
  const port = await freePort();
  const server = new Server({host: '127.0.0.2', port: 1, max_file_size: 1000, cleanup_retention_hours: 1, worker_threads: 2,
    allow_cpu_concurrency: true, default_model_type: 'dsp'},
  {environment: {MSST_PORT: String(port), MSST_MAX_FILE_SIZE: '20KB', MSST_CLEANUP_RETENTION_HOURS: '36m', MSST_DEFAULT_MODEL_TYPE: 'ours'}});
  t.after(() => server.destroy());
  cpSync(kGolden, path.join(server.settings.models_dir, 'ours'), {recursive: true});
  await server.start();
  assert.equal(server.url, `http://127.0.0.2:${port}`);
  const large = await server.submit(makeWav({seconds: 1}));
  assert.deepEqual([large.status, large.json().code], [400, 'file_too_large']);
  assert.match(large.json().message, /20000/);
  const task = await server.completed(await server.task(makeWav({seconds: 0.1})));
  assert.equal(task.model_type, 'ours');
  assert.equal(Date.parse(task.expires_at) - Date.parse(task.completed_at), 36 * 60_000);
  assert.equal((await server.get('/api/v1/health')).json().checks.workers.alive, 2);
});

test('a port that is taken is told, and no worker is left behind', async t => {
  const first = await Server.start(t);
  const told = refusedStart(`port: ${first.port}\n`, {MSST_PORT: ''});
  assert.match(told, new RegExp(`${first.port}.*in use`));
});

test('a data directory that cannot be used is told', () => {
  assert.match(refusedStart('', {MSST_DATA_DIR: '/proc/self/none'}), /\/proc\/self\/none/);
  const file = path.join(tmpdir(), `msst-no-folder-${process.pid}`);
  writeFileSync(file, '');
  try {
    assert.match(refusedStart('', {MSST_DATA_DIR: file}), /msst-no-folder/);
  } finally {
    rmSync(file);
  }
});

test('a damaged database is refused with instructions and left as it is', async t => {
  const server = await Server.start(t);
  await server.completed(await server.task(wav));
  await server.stop();
  const file = path.join(server.dataDir, 'msst.db');
  const damaged = Buffer.alloc(statSync(file).size, 'x');
  writeFileSync(file, damaged);
  await assert.rejects(server.start());
  assert.notEqual((await server.exited).code, 0);
  assert.match(server.stderr, /msst\.db/);
  assert.equal(statSync(file).size, damaged.length);
});

test('what is stored is for its owner only, whatever the umask', async t => {
  const server = new Server({}, {prefix: ['sh', '-c', 'umask 0; exec "$@"', 'sh']});
  t.after(() => server.destroy());
  await server.start();
  await server.completed(await server.task(wav));
  const open = [server.dataDir, path.join(server.dataDir, 'msst.db'), path.join(server.dataDir, 'msst.log'), ...server.audioFiles().map(file => file.path)]
    .filter(file => (statSync(file).mode & 0o077) !== 0);
  assert.deepEqual(open, []);
});

test('a configuration with keys that everybody can read is warned of, and no key is repeated', async t => {
  const server = new Server({enable_auth: true, api_keys: ['s3cret-of-ann']});
  t.after(() => server.destroy());
  const [, file] = server.writeConfig();
  chmodSync(file, 0o644);
  await server.start();
  assert.match(server.stderr, /can be read by every user/);
  assert.ok(!(server.stderr + JSON.stringify(server.log())).includes('s3cret'));
  assert.match(readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m, 'no core dump that would hold them');
});
