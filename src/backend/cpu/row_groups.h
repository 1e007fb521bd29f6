#pragma once

#include <vector>

#include "graph/graph.h"

namespace msst::backend::cpu {

// Rows that go through a group at a time: what lies between two products then stays in the third-level cache.
inline constexpr int64_t kRowStep = 2048;

// Operations on the rows of one tensor that follow each other: each row passes through all of them by itself.
// Running a few thousand rows through the whole group before the next few thousand keeps what lies between in
// the processor's cache.
bool is_row_wise(const graph::Node& node);

// Per node, the number of its group; nodes outside are groups of one. Never decreasing.
std::vector<int> find_row_groups(const graph::Graph& graph);

// Per tensor, whether nobody outside of the group that computes it reads it: then the rows of one piece are
// all that ever exists of it.
std::vector<bool> find_pieces(const graph::Graph& graph);

// Rows of a row-wise node.
int64_t rows_of(const graph::Graph& graph, const graph::Node& node);

}  // namespace msst::backend::cpu
