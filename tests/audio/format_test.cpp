#include "audio/format.h"

#include <gtest/gtest.h>

namespace msst::audio {
namespace {

TEST(OutputFormat, IsReadAsItIsWritten) {
    for (OutputFormat format : {OutputFormat::wav, OutputFormat::flac})
        EXPECT_EQ(parse_output_format(to_string(format)), format);
    EXPECT_EQ(parse_output_format("WAV"), std::nullopt);
    EXPECT_EQ(parse_output_format(""), std::nullopt);
}

TEST(PcmType, IsReadAsItIsWritten) {
    for (PcmType type : {PcmType::pcm_16, PcmType::pcm_24, PcmType::float_32})
        EXPECT_EQ(parse_pcm_type(to_string(type)), type);
    EXPECT_EQ(to_string(PcmType::float_32), "FLOAT");
    EXPECT_EQ(parse_pcm_type("PCM_32"), std::nullopt);
}

}  // namespace
}  // namespace msst::audio
