#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "model/model_config.h"
#include "model/network.h"
#include "separation/chunked_separator.h"

// A network of MSST's on its way from files to a device. The first half, planning, reads no weight: it tells
// whether a checkpoint fits its configuration and what the network will cost.

namespace msst::separation {

struct NetworkSource {
    std::string architecture;               // MSST's type string
    std::filesystem::path config_path;      // MSST's, or a bag's; empty: the checkpoint is a Demucs package
    std::filesystem::path checkpoint_path;  // empty: made-up weights, for measuring speed
    // A bag: networks whose stems are averaged with those of the first. The Demucs family only.
    std::vector<std::filesystem::path> more_checkpoints = {};
    std::string chunk_edges = {};  // empty: as the configuration says (ChunkRules::Edges)
};

struct PlannedNetwork {
    std::shared_ptr<const graph::Backend> backend;
    model::ModelConfig config;
    model::Network network;
    graph::Plan plan;  // the backend's, for network.graph
    SeparatorInfo info;
    ChunkRules rules;
    int64_t parameters = 0;  // learned numbers of the checkpoint; of made-up weights those the graph asks for
    std::vector<std::string> warnings;
    std::vector<PlannedNetwork> others;  // of a bag, each without others of its own
    std::vector<float> stem_weights;     // of a bag: this network's part in each of info.instruments, 0-1

    double chunk_seconds() const;

    // What it needs on a device: weights and tables as the backend keeps them, and everything a
    // chunk computes.
    int64_t device_bytes() const;

    // Floating point operations for one second of a long song, overlap included.
    double flops_per_audio_second() const;
};

// Opens the checkpoint, matches its names and shapes with what the configuration describes and plans the
// graph. With a target_instrument only its stem is built. Throws Error(invalid_input) for an architecture,
// variant or configuration that is not supported and for a checkpoint that is damaged or another network's,
// Error(not_found) or Error(unavailable) for files that cannot be read.
//
// on_loading: fraction of the weights that compile_network has read, 0-1; may be empty.
PlannedNetwork plan_network(const NetworkSource& source, const std::shared_ptr<const graph::Backend>& backend,
                            const std::function<void(double)>& on_loading = {});

// The network on the backend's device, ready for chunks; keeps the backend alive.
std::shared_ptr<const ChunkModel> compile_network(const PlannedNetwork& planned);

// Both, and MSST's chunk loop around it, with the overlap and the batches of the configuration.
std::shared_ptr<const Separator> open_network_separator(const NetworkSource& source,
                                                        const std::shared_ptr<const graph::Backend>& backend,
                                                        const std::function<void(double)>& on_loading = {});

}  // namespace msst::separation
