#include "store/embedded/disk.h"

namespace rollcall::store::embedded {
namespace {

class Nothing final : public Disk {
 public:
  Result<void> Commit(const Staged&, std::span<const Doomed>) override { return {}; }
  Size size() const override { return {}; }
};

}  // namespace

std::unique_ptr<Disk> NoDisk() {
  return std::make_unique<Nothing>();
}

}  // namespace rollcall::store::embedded
