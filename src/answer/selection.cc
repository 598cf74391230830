#include "answer/selection.h"

#include "catalog/marks.h"
#include "model/selector.h"

namespace rollcall::answer {

bool Selection::Keeps(const Task& task, const catalog::Registration& registration) const {
  return !healthy ||
         model::IsHealthy(catalog::StateOf(registration, task.view.marks, task.context.wall_now));
}

Selection Select(const Zone& zone, wire::NameView asked) {
  Selection selection{asked};
  while (selection.name.size() > zone.name.view().size()) {
    const auto selector = model::ParseSelector(selection.name.FirstLabel());
    if (!selector || selector->kind != model::Selector::Kind::kHealthy) break;
    selection.healthy = true;
    selection.name = selection.name.Parent();
  }
  return selection;
}

}  // namespace rollcall::answer
