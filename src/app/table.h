// Rows of cells for people to read.
#pragma once

#include <string>
#include <vector>

namespace rollcall::app {

using Row = std::vector<std::string>;

// "-" if it is empty; what would break a line becomes "?", for a value may hold anything.
void Clean(std::string& cell);

// Aligned columns of cells made clean, the first row being their titles.
// Requires: all rows are as long as the first.
[[nodiscard]] std::string Table(std::vector<Row> rows);

}  // namespace rollcall::app
