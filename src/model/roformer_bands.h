#pragma once

#include "model/network.h"
#include "model/roformer_structure.h"

// What the roformers do before and after their blocks: bands become tokens, tokens become masks.

namespace msst::model {

// features [frames, sum of band widths] -> tokens [frames, bands, width]; a band is 2 * channels * bins wide.
graph::TensorId append_band_split(graph::Graph& graph, WeightReader& weights,
                                  const RoformerStructure& structure, graph::TensorId features);

// tokens -> mask [frames, sum of band widths] of one stem, numbers ordered as in the features.
graph::TensorId append_mask(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                            graph::TensorId tokens, int64_t stem);

// The stems to build, checked; the weights of the others may stay unused.
std::vector<int> chosen_stems(const NetworkOptions& options, const RoformerStructure& structure,
                              WeightReader& weights);

// Tokens of the trunk -> with what stands before and behind them in the variant with sink tokens.
graph::TensorId append_trunk(graph::Graph& graph, WeightReader& weights, const RoformerStructure& structure,
                             graph::TensorId tokens);

// The stems, [channels, samples], become the network's outputs.
void finish_network(Network& network, const RoformerStructure& structure,
                    const std::vector<graph::TensorId>& stems);

}  // namespace msst::model
