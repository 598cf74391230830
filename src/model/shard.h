// Which shard of N a registration belongs to: rendezvous hashing, so that another N moves no
// target that it need not move (1/N of them when one shard is added).
//
// Others may compute it too; it will never change:
//
//   text  = the registration's name, its labels with dots between them, A-Z as a-z, without
//           escapes and without a final dot: `server01.node.prom.internal`
//   hash  = 64-bit FNV-1a of the octets of `text` (offset basis 0xcbf29ce484222325,
//           prime 0x100000001b3)
//   score of shard i = Mix(hash + (i + 1) * 0x9e3779b97f4a7c15), all modulo 2^64, where
//     Mix(z): z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
//             z = (z ^ (z >> 27)) * 0x94d049bb133111eb
//             z ^ (z >> 31)                                   (splitmix64's finalizer)
//   shard = the i in 0..N-1 with the highest score; of equal ones the lowest
//
// Numbers, not octets, are mixed: the order of octets of a machine does not count.
//
// Pure; no allocation.
#pragma once

#include "wire/name.h"

namespace rollcall::model {

// Requires, both: count > 0.
[[nodiscard]] unsigned ShardOf(wire::NameView name, unsigned count);

// Whether ShardOf(name, count) == index, in about ln(count) steps: most names meet a better
// shard early.
[[nodiscard]] bool IsInShard(wire::NameView name, unsigned index, unsigned count);

}  // namespace rollcall::model
