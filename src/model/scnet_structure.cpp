#include "model/scnet_structure.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "model/limited.h"

namespace msst::model {
namespace {

constexpr int64_t kMaxLevels = 16;
constexpr size_t kScnetBands = 3;

[[noreturn]] void refuse_scnet(const std::string& key, const std::string& problem) {
    throw Error(ErrorCode::invalid_input, "'model." + key + "' in the configuration " + problem);
}

std::vector<int64_t> read_integers(const ConfigSection& model, const std::string& key,
                                   std::vector<int64_t> fallback, int64_t least, int64_t most) {
    std::vector<int64_t> values = model.has(key) ? model.integers(key) : std::move(fallback);
    for (const int64_t value : values) limited("model." + key, value, least, most);
    return values;
}

template <class Value>
void require_one_per_band(const std::string& key, const std::vector<Value>& values) {
    if (values.size() != kScnetBands)
        refuse_scnet(key, "has " + std::to_string(values.size()) + " entries; there are " +
                              std::to_string(kScnetBands) + " bands");
}

void read_bands(ScnetStructure& s, const ConfigSection& model) {
    s.band_ratios =
        model.has("band_SR") ? model.numbers("band_SR") : std::vector<double>{0.175, 0.392, 0.433};
    s.band_strides = read_integers(model, "band_stride", {1, 4, 16}, 1, kMaxCount);
    s.band_kernels = read_integers(model, "band_kernel", {3, 4, 16}, 1, kMaxCount);
    s.module_depths = read_integers(model, "conv_depths", {3, 2, 1}, -64, 64);
    for (int64_t& depth : s.module_depths) depth = std::abs(depth);
    require_one_per_band("band_SR", s.band_ratios);
    require_one_per_band("band_stride", s.band_strides);
    require_one_per_band("band_kernel", s.band_kernels);
    require_one_per_band("conv_depths", s.module_depths);
    if (!(s.band_ratios[0] > 0 && s.band_ratios[1] > 0 && s.band_ratios[0] + s.band_ratios[1] < 1))
        refuse_scnet("band_SR", "begins with " + std::to_string(s.band_ratios[0]) + " and " +
                                    std::to_string(s.band_ratios[1]) +
                                    "; they must be positive and their sum below 1");
}

void read_scnet_frame(ScnetStructure& s, const ConfigSection& model) {
    s.frame.n_fft = limited("model.nfft", model.integer("nfft", 4096), 16, kMaxFftSize);
    s.frame.hop = limited("model.hop_size", model.integer("hop_size", 1024), 1, s.frame.n_fft);
    s.frame.window_length = limited("model.win_size", model.integer("win_size", 4096), 1, s.frame.n_fft);
    s.frame.normalized = model.boolean("normalized", true);
    s.frame.window = s.kind == ScnetKind::masked ? graph::Window::hann : graph::Window::rectangular;
    if (s.frame.n_fft % 2 != 0) refuse_scnet("nfft", "is odd");
}

void read_transformers(ScnetStructure& s, const ConfigSection& model) {
    model.ignore({"tran_attn_dropout", "tran_ff_dropout", "tran_flash_attn"});
    s.rotary_dim = limited("model.tran_rotary_embedding_dim", model.integer("tran_rotary_embedding_dim", 64),
                           2, kMaxCount);
    s.transformer_depth = limited("model.tran_depth", model.integer("tran_depth", 1), 0, 64);
    s.heads = limited("model.tran_heads", model.integer("tran_heads", 8), 1, kMaxCount);
    s.head_dim = limited("model.tran_dim_head", model.integer("tran_dim_head", 64), 2, kMaxCount);
    if (s.head_dim % 2 != 0 || s.rotary_dim % 2 != 0 || s.rotary_dim > s.head_dim)
        refuse_scnet("tran_rotary_embedding_dim", "is " + std::to_string(s.rotary_dim) + " with heads of " +
                                                      std::to_string(s.head_dim) +
                                                      "; both must be even, and heads the larger ones");
}

void read_chunk(ScnetStructure& s, const ModelConfig& config) {
    if (!config.chunk_frames)
        throw Error(ErrorCode::invalid_input, "'audio.chunk_size' in the configuration is missing");
    s.chunk_frames = *config.chunk_frames;
    if (s.chunk_frames <= s.frame.n_fft / 2)
        throw Error(ErrorCode::invalid_input, "a chunk has " + std::to_string(s.chunk_frames) +
                                                  " samples, it must have more than half of the " +
                                                  std::to_string(s.frame.n_fft) + " of a Fourier transform");
}

}  // namespace

int64_t ScnetStructure::padding() const {
    const int64_t padding = frame.hop - chunk_frames % frame.hop;
    return (chunk_frames + padding) / frame.hop % 2 == 0 ? padding + frame.hop : padding;
}

ScnetBands ScnetStructure::bands(int64_t bins) const {
    const auto all = static_cast<double>(bins);
    const auto middle = static_cast<int64_t>(std::ceil(all * band_ratios[0]));
    const auto high = static_cast<int64_t>(std::ceil(all * (band_ratios[0] + band_ratios[1])));
    const std::array<int64_t, kScnetBands + 1> ends = {0, middle, high, bins};
    ScnetBands result;
    for (size_t b = 0; b < kScnetBands; ++b) {
        ScnetBand& band = result[b];
        band.first = ends[b];
        band.bins = ends[b + 1] - ends[b];
        const int64_t stride = band_strides[b];
        const int64_t kernel = band_kernels[b];
        const int64_t padding = stride == 1 ? kernel - 1 : (stride - band.bins % stride) % stride;
        band.pad_begin = padding / 2;
        band.pad_end = padding - band.pad_begin;
        band.rows = band.bins + padding < kernel ? 0 : (band.bins + padding - kernel) / stride + 1;
        const int64_t excess = (band.rows - 1) * stride + kernel - band.bins;
        if (band.bins < 1 || band.rows < 1 || excess < 0)
            throw Error(ErrorCode::invalid_input,
                        "a band of " + std::to_string(band.bins) + " of " + std::to_string(bins) +
                            " bins cannot be sampled with a stride of " + std::to_string(stride) +
                            " and a kernel of " + std::to_string(kernel));
        band.crop_begin = excess / 2;
        band.crop_end = excess - band.crop_begin;
    }
    return result;
}

ScnetStructure read_scnet_structure(const ModelConfig& config, ScnetKind kind) {
    const ConfigSection& model = config.model;
    ScnetStructure s;
    s.kind = kind;
    s.channels = limited("model.audio_channels", model.integer("audio_channels", 2), 1, 2);
    s.sources = model.has("sources") ? std::ssize(model.texts("sources")) : 4;
    limited("model.sources", s.sources, 1, 64);
    s.widths = read_integers(model, "dims", {4, 32, 64, 128}, 1, kMaxWidth);
    if (s.widths.size() < 2 || s.levels() > kMaxLevels)
        refuse_scnet("dims", "has " + std::to_string(s.widths.size()) + " entries; there must be 2 to " +
                                 std::to_string(kMaxLevels + 1));
    if (s.widths[0] != 2 * s.channels)
        refuse_scnet("dims", "begins with " + std::to_string(s.widths[0]) + "; " +
                                 std::to_string(s.channels) + " complex channels are " +
                                 std::to_string(2 * s.channels));
    read_scnet_frame(s, model);
    read_bands(s, model);
    s.compress = model.number("compress", 4);
    if (!(s.compress > 0)) refuse_scnet("compress", "is not positive");
    for (size_t level = 1; level < s.widths.size(); ++level)
        limited("model.compress", static_cast<int64_t>(static_cast<double>(s.widths[level]) / s.compress), 1,
                kMaxWidth);
    s.module_kernel = limited("model.conv_kernel", model.integer("conv_kernel", 3), 1, kMaxCount);
    if (s.module_kernel % 2 == 0) refuse_scnet("conv_kernel", "is even");
    s.dual_path_layers = limited("model.num_dplayer", model.integer("num_dplayer", 6), 0, kMaxCount);
    if (s.dual_path_layers % 2 != 0)
        refuse_scnet("num_dplayer", "is " + std::to_string(s.dual_path_layers) + "; it must be even");
    s.expand = limited("model.expand", model.integer("expand", 1), 1, 64);
    if (kind == ScnetKind::transformers) read_transformers(s, model);
    read_chunk(s, config);
    return s;
}

}  // namespace msst::model
