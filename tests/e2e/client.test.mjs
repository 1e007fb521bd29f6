// A client whose types are generated from docs/openapi.yaml: it compiles, and it does the main job.
import assert from 'node:assert/strict';
import {File} from 'node:buffer';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import openapiTS, {astToString} from 'openapi-typescript';
import ts from 'typescript';
import {makeWav, probe} from './support/audio.mjs';
import {Server} from './support/server.mjs';

const kDocument = new URL('../../docs/openapi.yaml', import.meta.url);
const kSources = fileURLToPath(new URL('client/', import.meta.url));
const kModules = fileURLToPath(new URL('node_modules/', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// TypeScript for schema.d.ts. Bytes are a Blob for a client that runs on fetch.
async function generateTypes() {
  const blob = ts.factory.createTypeReferenceNode('Blob');
  return astToString(await openapiTS(kDocument, {
    transform: schema => (schema.format === 'binary' ? blob : undefined),
    silent: true,
  }));
}

describe('a client generated from the API document', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'msst-client-'));
  const server = new Server();
  let separateSong, Refused;

  before(async () => {
    await server.start();
    cpSync(kSources, folder, {recursive: true});
    symlinkSync(kModules, path.join(folder, 'node_modules'));
    writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
    writeFileSync(path.join(folder, 'schema.d.ts'), await generateTypes());
    const compiled = spawnSync(process.execPath, [tsc, '-p', folder], {encoding: 'utf8'});
    assert.equal(compiled.status, 0, compiled.stdout);
    ({separateSong, Refused} = await import(pathToFileURL(path.join(folder, 'separate_song.js'))));
  });
  after(async () => {
    rmSync(folder, {recursive: true, force: true});
    await server.destroy();
  });

  test('submits, polls and downloads', async () => {
    const seen = new Set();
    const {task, stems} = await separateSong(server.url, new File([makeWav({seconds: 5})], 'song.wav'),
      {instruments: ['vocals', 'drums'], output_format: 'flac', extract_instrumental: true}, ({status}) => seen.add(status));
    assert.equal(task.status, 'completed');
    assert.equal(task.input.filename, 'song.wav');
    assert.ok(seen.has('completed'));
    assert.deepEqual([...stems.keys()].sort(), ['drums', 'instrumental', 'vocals']);
    for (const bytes of stems.values()) assert.equal(probe(bytes).codec_name, 'flac');
  });

  test('is told what is wrong with a submission', async () => {
    await assert.rejects(separateSong(server.url, new File(['no audio'], 'song.wav'), {pcm_type: 'PCM_16'}),
      error => error instanceof Refused && error.problem.code === 'unsupported_format' && error.problem.status === 400);
  });
});
