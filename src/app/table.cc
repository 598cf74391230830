#include "app/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace rollcall::app {

void Clean(std::string& cell) {
  if (cell.empty()) cell = "-";
  std::replace_if(
      cell.begin(), cell.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
}

std::string Table(std::vector<Row> rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows[0].size());
  for (Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      Clean(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string table;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}", row[i], widths[i] + (i + 1 < row.size() ? 2 : 0));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + "\n";
  }
  return table;
}

}  // namespace rollcall::app
