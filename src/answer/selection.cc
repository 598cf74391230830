#include "answer/selection.h"

#include "catalog/marks.h"
#include "model/selector.h"
#include "model/shard.h"

namespace rollcall::answer {

bool Selection::Keeps(const Task& task, const catalog::Registration& registration) const {
  if (shards != 0 && !model::IsInShard(wire::NameView(registration.name), shard, shards)) {
    return false;
  }
  if (!healthy) return true;
  // How one is hangs on marks of names above it and of its host, and on the time.
  task.answer.basis.AddUnknown();
  return model::IsHealthy(catalog::StateOf(registration, task.view.marks, task.context.wall_now));
}

Selection Select(const Zone& zone, wire::NameView asked) {
  Selection selection{asked};
  while (selection.name.size() > zone.name.view().size()) {
    const auto selector = model::ParseSelector(selection.name.FirstLabel());
    if (!selector) break;
    if (selector->kind == model::Selector::Kind::kHealthy) {
      selection.healthy = true;
    } else if (selection.shards == 0) {
      selection.shard = selector->index;
      selection.shards = selector->count;
    } else {
      break;
    }
    selection.name = selection.name.Parent();
  }
  return selection;
}

}  // namespace rollcall::answer
