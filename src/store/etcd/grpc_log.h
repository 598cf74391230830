// gRPC's own log, into ours.
#pragma once

namespace rollcall::store::etcd {

// From now on gRPC writes nothing to standard error of itself: its errors become
// warnings of ours, as few as LogBound lets pass; all else is for debugging.  Any
// thread, any number of times.
void TakeOverGrpcLog();

}  // namespace rollcall::store::etcd
