#include "graph/plan.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace msst::graph {
namespace {

constexpr int64_t kAlignment = 64;

int64_t aligned(int64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// A stretch of memory, the nodes during which it is in use, and the moments of those: both ends included.
struct Block {
    int64_t bytes = 0;
    int first_node = 0;
    int last_node = 0;
    int first_moment = 0;
    int last_moment = 0;
    int64_t offset = 0;

    bool meets(const Block& other) const {
        return first_moment <= other.last_moment && other.first_moment <= last_moment;
    }
};

class Planner {
public:
    Planner(const Graph& graph, const MemoryNeeds& needs) : graph_(graph), needs_(needs) {
        check(needs.tensor_bytes.size() == graph.tensors().size() &&
                  needs.scratch_bytes.size() == graph.nodes().size(),
              "memory needs are those of another graph");
    }

    Plan plan() {
        find_last_uses();
        make_blocks();
        Plan plan;
        plan.arena_bytes = place();
        plan.flops = graph_.flops();
        for (size_t i = 0; i < block_of_tensor_.size(); ++i)
            plan.tensor_offsets.push_back(block_of_tensor_[i] < 0 ? Plan::kNowhere
                                                                  : blocks_[block_of_tensor_[i]].offset);
        for (const int block : block_of_scratch_)
            plan.scratch_offsets.push_back(block < 0 ? Plan::kNowhere : blocks_[block].offset);
        return plan;
    }

private:
    int last_node() const { return static_cast<int>(graph_.nodes().size()); }

    void find_last_uses() {
        last_use_.assign(graph_.tensors().size(), -1);
        for (size_t n = 0; n < graph_.nodes().size(); ++n)
            for (const TensorId input : graph_.nodes()[n].inputs)
                if (input.is_present()) last_use_[input.index] = static_cast<int>(n);
        for (const TensorId output : graph_.outputs()) last_use_[output.index] = last_node();
    }

    int add_block(int64_t bytes, int first, int last) {
        blocks_.push_back({aligned(bytes), first, last});
        return static_cast<int>(blocks_.size()) - 1;
    }

    void make_blocks() {
        block_of_tensor_.assign(graph_.tensors().size(), -1);
        for (const TensorId input : graph_.inputs()) {
            const int block =
                add_block(needs_.tensor_bytes[input.index], -1, std::max(0, last_use_[input.index]));
            block_of_tensor_[input.index] = block;
        }
        for (size_t n = 0; n < graph_.nodes().size(); ++n) {
            const Node& node = graph_.nodes()[n];
            const int now = static_cast<int>(n);
            const int scratch =
                needs_.scratch_bytes[n] > 0 ? add_block(needs_.scratch_bytes[n], now, now) : -1;
            block_of_scratch_.push_back(scratch);
            block_of_tensor_[node.output.index] = block_for_output(node, now);
        }
    }

    int block_for_output(const Node& node, int now) {
        const int last = std::max(now, last_use_[node.output.index]);
        if (const int shared = shared_block(node, now); shared >= 0) {
            blocks_[shared].last_node = std::max(blocks_[shared].last_node, last);
            return shared;
        }
        return add_block(needs_.tensor_bytes[node.output.index], now, last);
    }

    // The block the output lives in because it is one of the inputs, or takes one over; -1: a fresh one.
    int shared_block(const Node& node, int now) const {
        if (std::holds_alternative<Reshape>(node.op)) return block_of_tensor_[node.inputs[0].index];
        const int reused = std::visit([](const auto& op) { return op.kReusedInput; }, node.op);
        if (reused < 0 || !node.inputs[reused].is_present()) return -1;
        const int input = node.inputs[reused].index;
        const int block = block_of_tensor_[input];
        const bool is_last_use = block >= 0 && blocks_[block].last_node == now;
        const bool is_read_twice = std::ranges::count(node.inputs, node.inputs[reused]) > 1;
        const bool fits = needs_.tensor_bytes[input] == needs_.tensor_bytes[node.output.index];
        return is_last_use && !is_read_twice && fits ? block : -1;
    }

    int moment_of(int node) const {
        const int count = static_cast<int>(needs_.moments.size());
        if (count == 0 || node < 0) return node;
        return node < count ? needs_.moments[node] : needs_.moments.back() + 1;
    }

    // Returns the arena's size.
    int64_t place() {
        for (Block& block : blocks_) {
            block.first_moment = moment_of(block.first_node);
            block.last_moment = moment_of(block.last_node);
        }
        std::vector<int> order(blocks_.size());
        std::iota(order.begin(), order.end(), 0);
        std::ranges::stable_sort(order, [this](int a, int b) { return blocks_[a].bytes > blocks_[b].bytes; });
        std::vector<Block*> placed;  // by offset
        int64_t arena_bytes = 0;
        for (const int index : order) {
            Block& block = blocks_[index];
            for (const Block* other : placed) {
                if (!other->meets(block)) continue;
                if (other->offset >= block.offset + block.bytes) break;
                block.offset = std::max(block.offset, other->offset + other->bytes);
            }
            placed.insert(std::ranges::upper_bound(placed, block.offset, {}, &Block::offset), &block);
            arena_bytes = std::max(arena_bytes, block.offset + block.bytes);
        }
        return arena_bytes;
    }

    const Graph& graph_;
    const MemoryNeeds& needs_;
    std::vector<int> last_use_;  // per tensor: the last node that reads it
    std::vector<Block> blocks_;
    std::vector<int> block_of_tensor_;
    std::vector<int> block_of_scratch_;
};

}  // namespace

Plan make_plan(const Graph& graph, const MemoryNeeds& needs) {
    return Planner(graph, needs).plan();
}

}  // namespace msst::graph
