#include "registry/mark_lease.h"

#include "model/records.h"

namespace rollcall::registry {

store::Op PutMark(std::string_view registration_key, const Reason& reason, WallTime now,
                  store::LeaseId lease) {
  return store::PutOp{model::RecordKey(model::Area::kGone, registration_key),
                      model::ToJson(model::Record{
                          .since = now, .by = reason.by, .why = reason.why, .again = reason.again}),
                      lease};
}

}  // namespace rollcall::registry
