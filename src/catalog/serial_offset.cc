#include "catalog/serial_offset.h"

namespace rollcall::catalog {
namespace {

// RFC 1982 section 3.2, with equality.
bool IsAtOrAbove(std::uint32_t serial, std::uint32_t other) {
  return serial - other < 0x8000'0000U;
}

}  // namespace

bool SerialOffset::Told(std::uint32_t offset, store::Revision revision) {
  if (told_ && revision <= told_->revision) return false;
  told_ = {offset, revision};
  return true;
}

void SerialOffset::Resume(std::uint32_t offset, store::Revision revision) {
  offset_ = offset;
  served_ = static_cast<std::uint32_t>(revision) + offset;
}

std::uint32_t SerialOffset::Choose(store::Revision revision) {
  const auto low = static_cast<std::uint32_t>(revision);
  const std::uint32_t told = told_ ? told_->offset : 0;
  if (!served_ || IsAtOrAbove(low + told, *served_)) {
    offset_ = told;
    wanted_.reset();
  } else if (!wanted_ || !IsAtOrAbove(low + offset_, *served_)) {
    wanted_ = {*served_, revision};
    offset_ = *served_ + 1 - low;
  }
  served_ = low + offset_;
  return offset_;
}

}  // namespace rollcall::catalog
