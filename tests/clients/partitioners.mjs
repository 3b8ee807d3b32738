// SPDX-License-Identifier: Apache-2.0

// Where kafkajs sends keys, of 64 partitions: "client<TAB>key<TAB>partition" a line. Then what two ways to BLAKE2b give for
// the first key: "hash<TAB>way<TAB>hexadecimal".
import { createHash } from 'node:crypto';
import { blake2b } from '@noble/hashes/blake2.js';
import kafkajs from 'kafkajs';

const keys = process.argv.slice(2);
const partitionMetadata = Array.from({ length: 64 }, (_, partitionId) => ({ partitionId, leader: 1 }));
for (const [client, make] of [
  ['kafkajs', kafkajs.Partitioners.DefaultPartitioner],
  ['kafkajs, LegacyPartitioner', kafkajs.Partitioners.LegacyPartitioner],
]) {
  const partition = make();
  for (const key of keys)
    console.log(`${client}\t${key}\t${partition({ topic: 'commands', partitionMetadata, message: { key } })}`);
}
const bytes = new TextEncoder().encode(keys[0]);
console.log(`hash\t@noble/hashes, dkLen 32\t${Buffer.from(blake2b(bytes, { dkLen: 32 })).toString('hex')}`);
console.log(`hash\tblake2b512 cut short\t${createHash('blake2b512').update(bytes).digest('hex').slice(0, 64)}`);
