// Uploads are streamed: memory does not follow their size.
import assert from 'node:assert/strict';
import http from 'node:http';
import {test} from 'node:test';
import {makeWav} from './support/audio.mjs';
import {Server} from './support/server.mjs';

const kUploads = 4;
const kFileBytes = Number(process.env.MSST_E2E_UPLOAD_BYTES ?? 150_000_000);
const kAllowedGrowth = 120_000_000;

// A WAV file whose samples are all alike, sent piece by piece so that the test itself does not hold it either.
function upload(server) {
  const header = Buffer.from(makeWav({seconds: 0}));
  const dataBytes = Math.floor(kFileBytes / 4) * 4;
  header.writeUInt32LE(dataBytes, 40);
  header.writeUInt32LE(36 + dataBytes, 4);
  const piece = Buffer.alloc(1 << 20, 3);
  const head = Buffer.from('--e2e\r\nContent-Disposition: form-data; name="instruments"\r\n\r\nbass\r\n'
    + '--e2e\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n');
  const tail = Buffer.from('\r\n--e2e--\r\n');
  return new Promise((resolve, reject) => {
    const request = http.request(new URL('/api/v1/separate', server.url), {
      method: 'POST',
      headers: {'content-type': 'multipart/form-data; boundary=e2e', 'content-length': head.length + header.length + dataBytes + tail.length},
    }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => resolve({status: response.statusCode, json: JSON.parse(Buffer.concat(chunks))}));
    });
    request.on('error', reject);
    request.write(head);
    request.write(header);
    let left = dataBytes;
    const more = () => {
      while (left > 0) {
        const bytes = piece.subarray(0, Math.min(left, piece.length));
        left -= bytes.length;
        if (!request.write(bytes)) return request.once('drain', more);
      }
      request.end(tail);
    };
    more();
  });
}

test('parallel uploads do not grow the server with their size', async t => {
  const server = await Server.start(t);
  const before = server.memory().now;
  const answers = await Promise.all(Array.from({length: kUploads}, () => upload(server)));
  for (const answer of answers) assert.equal(answer.status, 201, JSON.stringify(answer.json));
  const growth = server.memory().peak - before;
  t.diagnostic(`${kUploads} uploads of ${kFileBytes} bytes: the server grew by ${(growth / 1e6).toFixed(1)} MB at most`);
  assert.ok(growth < kAllowedGrowth, `the server grew by ${growth} bytes`);
  for (const answer of answers) assert.equal((await server.request('DELETE', `/api/v1/tasks/${answer.json.task_id}`)).status, 204);
});
