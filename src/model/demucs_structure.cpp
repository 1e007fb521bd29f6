#include "model/demucs_structure.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "model/limited.h"

namespace msst::model {
namespace {

constexpr int64_t kMaxDemucsCount = 64;

// Settings of training, and of what is refused when it is switched on.
const std::vector<std::string> kIrrelevantDemucsKeys = {"sources",
                                                        "audio_channels",
                                                        "samplerate",
                                                        "segment",
                                                        "use_train_segment",
                                                        "emb_smooth",
                                                        "end_iters",
                                                        "wiener_residual",
                                                        "multi_freqs_depth",
                                                        "dconv_init",
                                                        "rescale",
                                                        "hybrid",
                                                        "t_dropout",
                                                        "t_max_positions",
                                                        "t_cape_mean_normalize",
                                                        "t_cape_augment",
                                                        "t_cape_glob_loc_scale",
                                                        "t_sin_random_shift",
                                                        "t_weight_decay",
                                                        "t_lr",
                                                        "t_mask_type",
                                                        "t_mask_random_seed",
                                                        "t_sparse_attn_window",
                                                        "t_global_window",
                                                        "t_sparsity",
                                                        "t_auto_sparsity",
                                                        "t_norm_in_group",
                                                        "t_group_norm"};

class Reader {
public:
    explicit Reader(const ModelConfig& config) : config_(config), model_(config.model) {}

    DemucsStructure read() {
        model_.ignore(kIrrelevantDemucsKeys);
        s_.has_transformer = read_kind() == "htdemucs";
        refuse_unsupported();
        read_signal();
        read_layers();
        read_branches();
        if (s_.has_transformer) read_transformer();
        return s_;
    }

private:
    std::string read_kind() const {
        const std::string kind = config_.demucs_kind.empty() ? "htdemucs" : config_.demucs_kind;
        if (kind == "demucs")
            throw Error(ErrorCode::invalid_input,
                        "'model: demucs' (Demucs v1 and v2, waveform only) is not supported; htdemucs and "
                        "hdemucs are");
        if (kind != "htdemucs" && kind != "hdemucs")
            throw Error(ErrorCode::invalid_input, "'model' in the configuration is '" + clean_text(kind, 60) +
                                                      "'; htdemucs and hdemucs are supported");
        return kind;
    }

    void refuse(const std::string& key, const std::string& value, const std::string& supported) const {
        throw Error(ErrorCode::invalid_input, "'" + key + ": " + clean_text(value, 60) +
                                                  "' of a Demucs is not supported, only " + supported);
    }

    void refuse_unless(const std::string& key, bool wanted) const {
        const char* words[] = {"false", "true"};
        if (model_.boolean(key, wanted) != wanted) refuse(key, words[!wanted], words[wanted]);
    }

    void refuse_unsupported() const {
        refuse_unless("cac", true);
        refuse_unless("hybrid", true);
        if (model_.has("multi_freqs") && !model_.texts("multi_freqs").empty())
            refuse("multi_freqs", "[…]", "an empty list");
        if (const int64_t iterations = model_.integer("wiener_iters", 0); iterations != 0)
            refuse("wiener_iters", std::to_string(iterations), "0");
        if (!s_.has_transformer) return;
        refuse_unless("t_norm_first", true);
        refuse_unless("t_sparse_self_attn", false);
        refuse_unless("t_sparse_cross_attn", false);
        for (const char* key : {"t_norm_in_group", "t_group_norm"}) refuse_groups(key);
        if (const std::string kind = model_.text("t_emb", "sin"); kind != "sin") refuse("t_emb", kind, "sin");
    }

    // A number of groups, or false for none.
    void refuse_groups(const std::string& key) const {
        const std::string value = model_.text(key, "false");
        if (to_lower_ascii(value) != "false" && value != "0") refuse(key, value, "false");
    }

    int64_t read_limited(const std::string& key, int64_t fallback, int64_t least, int64_t most) const {
        return limited(key, model_.integer(key, fallback), least, most);
    }

    double positive(const std::string& key, double fallback, double most) const {
        const double value = model_.number(key, fallback);
        if (!(value > 0 && value <= most))
            throw Error(ErrorCode::invalid_input, "'" + key + "' of a Demucs is " + std::to_string(value) +
                                                      "; it must lie between 0 and " + std::to_string(most));
        return value;
    }

    void read_signal() {
        s_.sources = std::ssize(config_.instruments);
        s_.audio_channels = config_.training.integer("channels", config_.channels.value_or(2));
        if (s_.audio_channels < 1 || s_.audio_channels > 2)
            throw Error(ErrorCode::invalid_input, "'training.channels' in the configuration is " +
                                                      std::to_string(s_.audio_channels) +
                                                      "; it must lie between 1 and 2");
        const double frames = config_.sample_rate * config_.training.number("segment");
        if (!(frames >= 1 && frames <= 1 << 26))
            throw Error(ErrorCode::invalid_input, "'training.segment' in the configuration gives chunks of " +
                                                      std::to_string(frames) +
                                                      " samples; they must lie between 1 and 67108864");
        // Sums such as 7.8 s * 44100 Hz come out a hair below what is meant.
        s_.chunk_frames = static_cast<int64_t>(std::floor(frames + 1e-6));
        s_.n_fft = read_limited("nfft", 4096, 64, kMaxFftSize);
        s_.subbands = s_.has_transformer ? read_limited("num_subbands", 1, 1, kMaxDemucsCount) : 1;
        s_.pads_with_zeros = !s_.has_transformer && model_.boolean("hybrid_old", false);
    }

    void read_layers() {
        s_.depth = read_limited("depth", s_.has_transformer ? 4 : 6, 1, 12);
        s_.channels = read_limited("channels", 48, 1, kMaxWidth);
        s_.time_channels = model_.has("channels_time") ? read_limited("channels_time", 0, 0, kMaxWidth) : 0;
        if (s_.time_channels == 0) s_.time_channels = s_.channels;
        s_.growth = positive("growth", 2, 16);
        s_.kernel = read_limited("kernel_size", 8, 1, 256);
        s_.stride = read_limited("stride", 4, 1, 64);
        s_.time_stride = read_limited("time_stride", 2, 1, 64);
        s_.has_rewrite = model_.boolean("rewrite", true);
        s_.context = read_limited("context", 1, 0, 16);
        s_.encoder_context = read_limited("context_enc", 0, 0, 16);
        s_.norm_starts = read_limited("norm_starts", 4, 0, kMaxDemucsCount);
        s_.norm_groups = read_limited("norm_groups", 4, 1, kMaxWidth);
        s_.embedding_scale = model_.number("freq_emb", 0.2) * model_.number("emb_scale", 10);
    }

    void read_branches() {
        const int64_t mode = read_limited("dconv_mode", 1, 0, 3);
        s_.has_encoder_branches = (mode & 1) != 0;
        s_.has_decoder_branches = (mode & 2) != 0;
        s_.branch_depth = read_limited("dconv_depth", 2, 1, 16);
        s_.branch_compression = positive("dconv_comp", s_.has_transformer ? 8 : 4, kMaxWidth);
        const int64_t start = s_.has_transformer ? kMaxDemucsCount : 4;
        s_.branch_lstm = s_.has_transformer ? start : read_limited("dconv_lstm", start, 0, kMaxDemucsCount);
        s_.branch_attention =
            s_.has_transformer ? start : read_limited("dconv_attn", start, 0, kMaxDemucsCount);
    }

    void read_transformer() {
        s_.bottom_channels = read_limited("bottom_channels", 0, 0, kMaxWidth);
        s_.transformer_layers = read_limited("t_layers", 5, 0, kMaxDemucsCount);
        s_.transformer_heads = read_limited("t_heads", 8, 1, kMaxDemucsCount);
        s_.hidden_scale = positive("t_hidden_scale", 4, 64);
        s_.max_period = positive("t_max_period", 10000, 1e12);
        s_.position_weight = model_.number("t_weight_pos_embed", 1);
        s_.has_norm_in = model_.boolean("t_norm_in", true);
        s_.has_norm_out = model_.boolean("t_norm_out", true);
        s_.has_layer_scale = model_.boolean("t_layer_scale", true);
        s_.has_gelu = model_.boolean("t_gelu", true);
        s_.is_cross_first = model_.boolean("t_cross_first", false);
    }

    const ModelConfig& config_;
    const ConfigSection& model_;
    DemucsStructure s_;
};

// Replaces what the configuration says by what the weights say.
class DemucsBeliever {
public:
    DemucsBeliever(DemucsStructure& structure, const WeightReader& weights)
        : s_(structure), weights_(weights) {}

    void believe_all() {
        believe_layers();
        believe_branches();
        if (s_.has_transformer) believe_transformer();
        believe_spectrum();
    }

private:
    template <class Value>
    void believe(const char* what, Value& said, Value stored) {
        if (said == stored) return;
        s_.warnings.push_back(std::string(what) + ": the configuration says " + text(said) +
                              ", the weights say " + text(stored) + " and are believed");
        said = stored;
    }

    static std::string text(bool value) { return value ? "true" : "false"; }
    static std::string text(int64_t value) { return std::to_string(value); }

    int64_t count(const std::string& prefix, const std::string& suffix) const {
        int64_t n = 0;
        while (n < kMaxDemucsCount && weights_.has(prefix + std::to_string(n) + suffix)) ++n;
        return n;
    }

    // Size of one axis of a weight; 0: there is none.
    int64_t size(const std::string& name, size_t axis) const {
        const auto shape = weights_.shape(name);
        return shape && shape->size() > axis ? (*shape)[axis] : 0;
    }

    // The first level whose weight of this name exists; `none` if there is none at all.
    int64_t first_level(const std::string& prefix, const std::string& suffix, int64_t none) const {
        for (int64_t level = 0; level < s_.depth; ++level)
            if (weights_.has(prefix + std::to_string(level) + suffix)) return level;
        return none;
    }

    void believe_layers() {
        believe("depth", s_.depth, count("encoder.", ".conv.weight"));
        believe("channels", s_.channels, size("encoder.0.conv.weight", 0));
        believe("channels_time", s_.time_channels, size("tencoder.0.conv.weight", 0));
        believe("kernel_size", s_.kernel, size("encoder.0.conv.weight", 2));
        if (const int64_t second = size("encoder.1.conv.weight", 0);
            second > 0 && second != static_cast<int64_t>(s_.growth * static_cast<double>(s_.channels))) {
            s_.growth = static_cast<double>(second) / static_cast<double>(s_.channels);
            s_.warnings.push_back("growth: the weights grow by " + std::to_string(s_.growth) +
                                  " and are believed");
        }
        believe("rewrite", s_.has_rewrite, weights_.has("encoder.0.rewrite.weight"));
        if (s_.has_rewrite) {
            believe("context_enc", s_.encoder_context, (size("encoder.0.rewrite.weight", 2) - 1) / 2);
            believe("context", s_.context, (size("decoder.0.rewrite.weight", 2) - 1) / 2);
        }
        // What lies beyond the last level means the same as the level behind it.
        s_.norm_starts = std::min(s_.norm_starts, s_.depth);
        believe("norm_starts", s_.norm_starts, first_level("encoder.", ".norm1.weight", s_.depth));
    }

    void believe_branches() {
        const std::string first = ".dconv.layers.0.0.weight";
        believe("dconv_mode (encoder)", s_.has_encoder_branches, weights_.has("encoder.0" + first));
        const std::string last = "decoder." + std::to_string(s_.depth - 1);
        believe("dconv_mode (decoder)", s_.has_decoder_branches, weights_.has(last + first));
        if (!s_.has_encoder_branches && !s_.has_decoder_branches) return;
        const std::string prefix = (s_.has_encoder_branches ? "encoder.0" : last) + ".dconv.layers.";
        believe("dconv_depth", s_.branch_depth, count(prefix, ".0.weight"));
        const int64_t hidden = size(prefix + "0.0.weight", 0);
        if (hidden > 0 &&
            hidden != static_cast<int64_t>(static_cast<double>(s_.channels) / s_.branch_compression)) {
            s_.branch_compression = static_cast<double>(s_.channels) / static_cast<double>(hidden);
            s_.warnings.push_back("dconv_comp: the weights compress by " +
                                  std::to_string(s_.branch_compression) + " and are believed");
        }
        if (!s_.has_encoder_branches) return;
        const std::string lstm = ".dconv.layers.0.3.lstm.weight_ih_l0";
        s_.branch_lstm = std::min(s_.branch_lstm, s_.depth);
        s_.branch_attention = std::min(s_.branch_attention, s_.depth);
        believe("dconv_lstm", s_.branch_lstm, first_level("encoder.", lstm, s_.depth));
        believe("dconv_attn", s_.branch_attention,
                std::min(first_level("encoder.", ".dconv.layers.0.3.content.weight", s_.depth),
                         first_level("encoder.", ".dconv.layers.0.4.content.weight", s_.depth)));
    }

    void believe_transformer() {
        const std::string layers = "crosstransformer.layers.";
        believe("bottom_channels", s_.bottom_channels, size("channel_upsampler.weight", 0));
        believe("t_layers", s_.transformer_layers, count(layers, ".linear1.weight"));
        if (s_.transformer_layers == 0) return;
        believe("t_cross_first", s_.is_cross_first, weights_.has(layers + "0.cross_attn.in_proj_weight"));
        believe("t_norm_in", s_.has_norm_in, weights_.has("crosstransformer.norm_in.weight"));
        believe("t_norm_out", s_.has_norm_out, weights_.has(layers + "0.norm_out.weight"));
        believe("t_layer_scale", s_.has_layer_scale, weights_.has(layers + "0.gamma_1.scale"));
        const auto width = static_cast<double>(size(layers + "0.linear1.weight", 1));
        s_.hidden_scale = static_cast<double>(size(layers + "0.linear1.weight", 0)) / width;
    }

    void believe_spectrum() {
        believe("audio channels", s_.audio_channels, size("tencoder.0.conv.weight", 1));
        believe("num_subbands", s_.subbands,
                size("encoder.0.conv.weight", 1) / std::max<int64_t>(2 * s_.audio_channels, 1));
        const std::string last = "decoder." + std::to_string(s_.depth - 1) + ".conv_tr.weight";
        believe("number of sources", s_.sources,
                size(last, 1) / std::max<int64_t>(s_.spectrum_channels(), 1));
        const int64_t rows = size("freq_emb.embedding.weight", 0);
        if (rows > 0) believe("nfft", s_.n_fft, 2 * s_.stride * rows);
        if (rows == 0 && s_.embedding_scale != 0) {
            s_.warnings.emplace_back("freq_emb: the weights have no frequency embedding");
            s_.embedding_scale = 0;
        } else if (rows > 0 && s_.embedding_scale == 0) {
            s_.warnings.emplace_back("freq_emb: the weights have a frequency embedding; 0.2 is taken for it");
            s_.embedding_scale = 2;
        }
    }

    DemucsStructure& s_;
    const WeightReader& weights_;
};

void check_structure(const DemucsStructure& s) {
    const auto fail = [](const std::string& what) { throw Error(ErrorCode::invalid_input, what); };
    if (s.depth < 1 || s.channels < 1 || s.time_channels < 1 || s.kernel < 1 || s.audio_channels < 1 ||
        s.audio_channels > 2 || s.subbands < 1 || s.sources < 1)
        fail("the checkpoint is no hybrid Demucs: its first or last layers are missing or empty");
    if (s.n_fft % 8 != 0 || s.n_fft > kMaxFftSize)
        fail("'nfft' of a Demucs is " + std::to_string(s.n_fft) + "; it must be a multiple of 8, at most " +
             std::to_string(kMaxFftSize));
    if (s.kernel < s.stride)
        fail("'kernel_size' of a Demucs is " + std::to_string(s.kernel) + ", less than its stride " +
             std::to_string(s.stride));
    if (s.n_fft / 2 % s.subbands != 0)
        fail("a spectrum of " + std::to_string(s.n_fft / 2) + " bins has no " + std::to_string(s.subbands) +
             " equal subbands");
    const int64_t least = 3 * s.hop() / 2 + s.hop();
    if (s.chunk_frames <= least)
        fail("a chunk has " + std::to_string(s.chunk_frames) +
             " samples, a Demucs with this nfft needs more than " + std::to_string(least));
}

}  // namespace

std::vector<DemucsLevel> DemucsStructure::levels() const {
    std::vector<DemucsLevel> levels;
    int64_t in = spectrum_channels();
    int64_t time_in = audio_channels;
    double out = static_cast<double>(channels);
    double time_out = static_cast<double>(time_channels);
    int64_t decoded = in * sources;
    int64_t time_decoded = time_in * sources;
    int64_t bins = n_fft / 2;
    for (int64_t index = 0; index < depth; ++index) {
        DemucsLevel level;
        level.has_bins = bins > 1;
        level.has_norms = index >= norm_starts;
        level.kernel = level.has_bins ? kernel : 2 * time_stride;
        level.stride = level.has_bins ? stride : time_stride;
        if (level.has_bins && bins <= kernel) {
            level.kernel = bins;
            level.merges_bins = true;
            out = time_out = std::max(out, time_out);
        }
        level.in = in;
        level.out = static_cast<int64_t>(out);
        level.decoded = decoded;
        if (level.has_bins) {
            level.time_in = time_in;
            level.time_out = static_cast<int64_t>(time_out);
            level.time_decoded = time_decoded;
        }
        levels.push_back(level);
        in = decoded = level.out;
        time_in = time_decoded = static_cast<int64_t>(time_out);
        out = std::floor(growth * out);
        time_out = std::floor(growth * time_out);
        if (level.has_bins) bins = level.merges_bins ? 1 : bins / stride;
    }
    return levels;
}

DemucsStructure read_demucs_structure(const ModelConfig& config, const WeightReader& weights) {
    DemucsStructure structure = Reader(config).read();
    if (!weights.is_made_up()) DemucsBeliever(structure, weights).believe_all();
    check_structure(structure);
    return structure;
}

}  // namespace msst::model
