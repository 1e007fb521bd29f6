#include "separation/planned_network.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "model/demucs_package.h"
#include "model/weights.h"
#include "separation/bag_model.h"
#include "separation/network_model.h"

namespace msst::separation {
namespace {

// Weights that tell how many of them were read.
class CountedWeights final : public model::Weights {
public:
    CountedWeights(std::shared_ptr<const model::Weights> weights, std::function<void(double)> on_loading)
        : weights_(std::move(weights)), on_loading_(std::move(on_loading)) {
        for (const std::string& name : weights_->names()) total_ += graph::elements(*weights_->find(name));
    }

    std::optional<graph::Shape> find(const std::string& name) const override { return weights_->find(name); }
    std::vector<std::string> names() const override { return weights_->names(); }
    bool is_made_up() const override { return weights_->is_made_up(); }

    void fill(const std::string& name, const graph::Shape& shape, std::span<float> out) const override {
        weights_->fill(name, shape, out);
        if (!on_loading_ || total_ == 0) return;
        const std::lock_guard lock(mutex_);  // a backend reads several at a time
        read_ += graph::elements(shape);
        on_loading_(std::min(1.0, static_cast<double>(read_) / static_cast<double>(total_)));
    }

private:
    std::shared_ptr<const model::Weights> weights_;
    std::function<void(double)> on_loading_;
    int64_t total_ = 0;
    mutable std::mutex mutex_;  // also of on_loading_, which is called by one thread at a time
    mutable int64_t read_ = 0;  // guarded by mutex_
};

// What was learned: all but the running statistics of batch norms. A tensor with several names, as rotary
// frequencies have where all layers share them, counts once.
int64_t count_parameters(const checkpoint::Checkpoint& checkpoint) {
    std::set<std::pair<const std::byte*, int64_t>> counted;
    int64_t count = 0;
    for (const std::string& name : checkpoint.names()) {
        if (name.ends_with("running_mean") || name.ends_with("running_var") ||
            name.ends_with("num_batches_tracked"))
            continue;
        const checkpoint::TensorView& tensor = checkpoint.info(name);
        if (counted.emplace(tensor.bytes.data(), tensor.elements()).second) count += tensor.elements();
    }
    return count;
}

constexpr const char* kDemucs = "htdemucs";

struct OpenNetwork {
    model::ModelConfig config;
    std::shared_ptr<const model::Weights> weights;
    int64_t parameters = 0;  // 0: the weights are made up
};

// Without a configuration of MSST's a Demucs package says itself what it is.
OpenNetwork open_network(const std::filesystem::path& config_path,
                         const std::filesystem::path& checkpoint_path) {
    if (checkpoint_path.empty())
        return {.config = model::read_model_config(config_path), .weights = model::make_random_weights()};
    const auto checkpoint =
        std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(checkpoint_path));
    return {.config = model::read_config_for(config_path, *checkpoint),
            .weights = model::make_checkpoint_weights(checkpoint),
            .parameters = count_parameters(*checkpoint)};
}

// With a target its stem alone. A target that is no instrument is only a name, which a network with one stem
// can bear.
model::Network build_wanted_stems(const std::string& architecture, const model::ModelConfig& config,
                                  const std::shared_ptr<const model::Weights>& weights) {
    const bool has_place = config.target && std::ranges::count(config.instruments, *config.target) > 0;
    model::NetworkOptions options;
    if (has_place) options.stems = {config.target_index()};
    model::Network network = model::build_network(architecture, config, weights, options);
    if (config.target && !has_place && network.stems > 1)
        throw Error(ErrorCode::invalid_input,
                    "training.target_instrument is '" + clean_text(*config.target, 64) +
                        "', which is none of the training.instruments of a network with " +
                        std::to_string(network.stems) + " stems");
    return network;
}

void check_stems(const model::Network& network, const SeparatorInfo& info) {
    if (network.stems != 1 && network.stems != std::ssize(info.instruments))
        throw Error(ErrorCode::invalid_input, "the network gives " + std::to_string(network.stems) +
                                                  " stems, the configuration names " +
                                                  std::to_string(info.instruments.size()));
}

// MSST cuts songs for the Demucs family in a way of its own.
ChunkRules::Mode mode_of(const std::string& architecture) {
    return architecture == kDemucs ? ChunkRules::Mode::demucs : ChunkRules::Mode::generic;
}

PlannedNetwork plan_one(const NetworkSource& source, const std::filesystem::path& checkpoint_path,
                        std::shared_ptr<const graph::Backend> backend,
                        const std::function<void(double)>& on_loading) {
    PlannedNetwork planned;
    planned.backend = std::move(backend);
    const OpenNetwork opened = open_network(source.config_path, checkpoint_path);
    planned.config = opened.config;
    const auto weights = std::make_shared<const CountedWeights>(opened.weights, on_loading);
    planned.network = build_wanted_stems(source.architecture, planned.config, weights);
    planned.info = {.instruments = planned.config.written_instruments(),
                    .sample_rate = planned.config.sample_rate,
                    .channels = static_cast<int>(planned.network.channels)};
    planned.info.is_normalized = planned.config.normalize;
    check_stems(planned.network, planned.info);
    planned.rules = {.mode = mode_of(source.architecture),
                     .edges = parse_chunk_edges(source.chunk_edges.empty() ? planned.config.chunk_edges
                                                                           : source.chunk_edges),
                     .num_overlap = planned.config.num_overlap,
                     .batch_size = planned.config.batch_size};
    check_rules(planned.rules, planned.network.chunk_frames);
    planned.plan = planned.backend->plan(planned.network.graph);
    planned.parameters =
        weights->is_made_up() ? planned.network.graph.constant_elements() : opened.parameters;
    planned.warnings = planned.network.warnings;
    return planned;
}

std::shared_ptr<const ChunkModel> compile_one(const PlannedNetwork& planned) {
    struct Compiled {
        std::shared_ptr<const graph::Backend> backend;  // outlives what it compiled
        NetworkModel model;
    };
    std::shared_ptr<Compiled> compiled(new Compiled{
        planned.backend, NetworkModel(planned.info, planned.network.chunk_frames, planned.network.stems,
                                      planned.backend->compile(planned.network.graph, planned.plan),
                                      std::ssize(planned.network.graph.outputs()))});
    return {compiled, &compiled->model};
}

// How much each network counts for each instrument, the sum over the networks being 1.
void share_weights(PlannedNetwork& planned, const std::vector<std::vector<double>>& rows) {
    std::vector<PlannedNetwork*> networks = {&planned};
    for (PlannedNetwork& other : planned.others) networks.push_back(&other);
    const int64_t stems = std::ssize(planned.info.instruments);
    const int64_t first = planned.config.target ? planned.config.target_index() : 0;
    for (size_t n = 0; n < networks.size(); ++n)
        for (int64_t stem = 0; stem < stems; ++stem) {
            double total = 0;
            for (size_t m = 0; m < networks.size(); ++m) total += rows.empty() ? 1 : rows[m][first + stem];
            const double own = rows.empty() ? 1 : rows[n][first + stem];
            networks[n]->stem_weights.push_back(static_cast<float>(own / total));
        }
}

void check_alike(const PlannedNetwork& a, const PlannedNetwork& b, const std::filesystem::path& path) {
    const std::string name = "the bag cannot take " + clean_text(path.filename().string(), 100) + ": ";
    if (a.network.chunk_frames != b.network.chunk_frames)
        throw Error(ErrorCode::invalid_input,
                    name + "its chunks have " + std::to_string(b.network.chunk_frames) +
                        " samples, the first network's " + std::to_string(a.network.chunk_frames));
    if (a.info.instruments != b.info.instruments || a.info.channels != b.info.channels ||
        a.info.sample_rate != b.info.sample_rate || a.network.stems != b.network.stems)
        throw Error(ErrorCode::invalid_input,
                    name + "its stems, channels or sample rate are not those of the first network");
}

}  // namespace

double PlannedNetwork::chunk_seconds() const {
    return static_cast<double>(network.chunk_frames) / config.sample_rate;
}

int64_t PlannedNetwork::device_bytes() const {
    int64_t bytes = plan.weight_bytes + plan.arena_bytes;
    for (const PlannedNetwork& other : others) bytes += other.device_bytes();
    return bytes;
}

double PlannedNetwork::flops_per_audio_second() const {
    const int64_t step = network.chunk_frames / rules.num_overlap;
    double flops = plan.flops * config.sample_rate / static_cast<double>(step);
    for (const PlannedNetwork& other : others) flops += other.flops_per_audio_second();
    return flops;
}

PlannedNetwork plan_network(const NetworkSource& source, const std::shared_ptr<const graph::Backend>& backend,
                            const std::function<void(double)>& on_loading) {
    if (!source.more_checkpoints.empty() && source.architecture != kDemucs)
        throw Error(ErrorCode::invalid_input,
                    "several checkpoints make a bag, which only the type htdemucs has, not " +
                        clean_text(source.architecture, 60));
    const auto count = static_cast<double>(source.more_checkpoints.size() + 1);
    const auto part = [&on_loading, count](size_t n) {
        std::function<void(double)> report;
        if (on_loading)
            report = [on_loading, n, count](double fraction) {
                on_loading((static_cast<double>(n) + fraction) / count);
            };
        return report;
    };
    PlannedNetwork planned = plan_one(source, source.checkpoint_path, backend, part(0));
    for (size_t i = 0; i < source.more_checkpoints.size(); ++i) {
        planned.others.push_back(plan_one(source, source.more_checkpoints[i], backend, part(i + 1)));
        check_alike(planned, planned.others.back(), source.more_checkpoints[i]);
        planned.parameters += planned.others.back().parameters;
    }
    if (planned.others.empty()) return planned;
    const bool has_rows = !source.config_path.empty() && model::is_bag(source.config_path);
    share_weights(planned, has_rows ? model::read_bag_weights(source.config_path, planned.others.size() + 1,
                                                              planned.config.instruments.size())
                                    : std::vector<std::vector<double>>());
    return planned;
}

std::shared_ptr<const ChunkModel> compile_network(const PlannedNetwork& planned) {
    if (planned.others.empty()) return compile_one(planned);
    std::vector<BagModel::Member> members;
    members.push_back({compile_one(planned), planned.stem_weights});
    for (const PlannedNetwork& other : planned.others)
        members.push_back({compile_one(other), other.stem_weights});
    return std::make_shared<BagModel>(std::move(members));
}

std::shared_ptr<const Separator> open_network_separator(const NetworkSource& source,
                                                        const std::shared_ptr<const graph::Backend>& backend,
                                                        const std::function<void(double)>& on_loading) {
    const PlannedNetwork planned = plan_network(source, backend, on_loading);
    return std::make_shared<ChunkedSeparator>(compile_network(planned), planned.rules);
}

}  // namespace msst::separation
