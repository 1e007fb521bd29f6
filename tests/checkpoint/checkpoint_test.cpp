#include "checkpoint/checkpoint.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/parse.h"
#include "support/temp_folder.h"

namespace msst::checkpoint {
namespace {

using testing::build_zip;
using ::testing::ElementsAre;
using testing::floats;
using ::testing::HasSubstr;
using testing::little;
using testing::parse;
using testing::PickleBuilder;
using testing::refusal;
using testing::torch_zip;

PickleBuilder one_tensor(const PickleBuilder::Tensor& tensor = {}) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("weight").tensor(tensor).set_items();
    return pickle;
}

TEST(Checkpoint, ReadsATensorOfATorchZip) {
    const Checkpoint checkpoint = parse(torch_zip(one_tensor().stop()));

    EXPECT_THAT(checkpoint.names(), ElementsAre("weight"));
    EXPECT_THAT(checkpoint.info("weight").shape, ElementsAre(2, 3));
    EXPECT_THAT(checkpoint.read("weight"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Checkpoint, ReadsAZip64Archive) {
    const std::string file = build_zip(
        {{"a/data.pkl", one_tensor().stop()}, {"a/data/0", floats({1, 2, 3, 4, 5, 6})}}, {.is_zip64 = true});

    EXPECT_THAT(parse(file).read("weight"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Checkpoint, HonoursOffsetAndStrides) {
    const PickleBuilder pickle = one_tensor({.offset = 1, .shape = {2, 2}, .strides = {1, 2}});

    EXPECT_THAT(parse(torch_zip(pickle.stop())).read("weight"), ElementsAre(2, 4, 3, 5));
}

TEST(Checkpoint, ViewsOnlyContiguousFloats) {
    const Checkpoint strided = parse(torch_zip(one_tensor({.shape = {3, 2}, .strides = {1, 3}}).stop()));

    EXPECT_TRUE(strided.view("weight").empty());
}

TEST(Checkpoint, ReadsTwoNamesOfOneStorage) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("a").tensor({}).raw("q\x01").text("b").raw("h\x01").set_items();
    const Checkpoint checkpoint = parse(torch_zip(pickle.stop()));

    EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b"));
    EXPECT_EQ(checkpoint.read("a"), checkpoint.read("b"));
}

TEST(Checkpoint, ReadsTheLegacyStream) {
    std::string file("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
    file += PickleBuilder().integer(1001).stop() + PickleBuilder().empty_dict().stop() + one_tensor().stop();
    file += PickleBuilder().raw("]").text("0").raw("a").stop() + little(6, 8) + floats({1, 2, 3, 4, 5, 6});

    EXPECT_THAT(parse(file).read("weight"), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(refusal(file.substr(0, file.size() - 1)), HasSubstr("claims 6 elements, 23 bytes are left"));
}

TEST(Checkpoint, ReadsSafetensors) {
    const std::string header = R"({"__metadata__":{"format":"pt"},)"
                               R"("weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";
    const Checkpoint checkpoint = parse(little(header.size(), 8) + header + floats({1, 2, 3, 4, 5, 6}));

    EXPECT_THAT(checkpoint.read("weight"), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_EQ(*checkpoint.metadata().find("format")->get_if<std::string>(), "pt");
}

TEST(Checkpoint, RefusesSafetensorsWhoseSizesDisagree) {
    const auto file = [](const std::string& tensor) {
        const std::string header = R"({"weight":)" + tensor + "}";
        return little(header.size(), 8) + header + floats({1, 2, 3, 4, 5, 6});
    };

    EXPECT_THAT(refusal(file(R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,24]})")),
                HasSubstr("4 elements in 24"));
    EXPECT_THAT(refusal(file(R"({"dtype":"F32","shape":[2,9],"data_offsets":[0,24]})")),
                HasSubstr("more elements"));
    EXPECT_THAT(refusal(file(R"({"dtype":"F32","shape":[6],"data_offsets":[4,28]})")),
                HasSubstr("outside the 24"));
    EXPECT_THAT(refusal(file(R"({"dtype":"F32","shape":[-6],"data_offsets":[0,24]})")),
                HasSubstr("not a size"));
    EXPECT_THAT(refusal(file(R"({"dtype":"Q4","shape":[6],"data_offsets":[0,24]})")), HasSubstr("dtype"));
    EXPECT_THAT(refusal(file(R"([[[[[[[[]]]]]]]])")), HasSubstr("too deeply"));
    EXPECT_THAT(refusal(file(R"({"dtype":"F32","shape":[2,4611686018427387904,4611686018427387904],)"
                             R"("data_offsets":[0,24]})")),
                HasSubstr("impossible"));
}

TEST(Checkpoint, FindsTheWeightsBehindWrappers) {
    for (const std::string wrapper : {"state", "state_dict", "model_state_dict", "model", "ema", "net"}) {
        PickleBuilder pickle;
        pickle.empty_dict().mark().text("epoch").integer(3).text(wrapper).empty_dict().mark();
        pickle.text("module.weight").tensor({}).set_items().set_items();
        const Checkpoint checkpoint = parse(torch_zip(pickle.stop()));

        EXPECT_THAT(checkpoint.names(), ElementsAre("weight")) << wrapper;
        EXPECT_EQ(*checkpoint.metadata().find("epoch")->get_if<int64_t>(), 3);
    }
}

TEST(Checkpoint, NeverTouchesTheOptimizersStorages) {
    PickleBuilder pickle;
    pickle.empty_dict().mark();
    pickle.text("optimizer_state_dict")
        .empty_dict()
        .mark()
        .text("exp_avg")
        .tensor({.key = "missing"})
        .set_items();
    pickle.text("model_state_dict").empty_dict().mark().text("weight").tensor({}).set_items();

    EXPECT_THAT(parse(torch_zip(pickle.set_items().stop())).names(), ElementsAre("weight"));
}

TEST(Checkpoint, PrefersAveragedWeightsAndDropsBookkeeping) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("ema_model.a").tensor({}).text("online_model.a").tensor({});
    pickle.text("ema_model.bn.num_batches_tracked")
        .tensor({})
        .text("ema_model.stft.window")
        .tensor({})
        .set_items();

    EXPECT_THAT(parse(torch_zip(pickle.stop())).names(), ElementsAre("a"));
}

TEST(Checkpoint, KeepsADemucsPackagesArguments) {
    PickleBuilder pickle;
    pickle.empty_dict().mark();
    pickle.text("klass").global("demucs.htdemucs", "HTDemucs");
    pickle.text("kwargs").empty_dict().mark();
    pickle.text("sources").mark().text("drums").text("bass").raw("l");
    pickle.text("segment").global("fractions", "Fraction").mark().text("39/5").tuple().reduce().set_items();
    pickle.text("state").empty_dict().mark().text("weight").tensor({}).set_items().set_items();
    const Checkpoint checkpoint = parse(torch_zip(pickle.stop()));
    const Metadata& kwargs = *checkpoint.metadata().find("kwargs");

    EXPECT_EQ(*checkpoint.metadata().find("klass")->get_if<std::string>(), "demucs.htdemucs.HTDemucs");
    EXPECT_EQ(*kwargs.find("segment")->get_if<double>(), 7.8);
    EXPECT_EQ(*kwargs.find("sources")->get_if<Metadata::List>()->at(1).get_if<std::string>(), "bass");
}

TEST(Checkpoint, RefusesQuantizedDemucsWeights) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("state").empty_dict().mark();
    pickle.text("__quantized").raw("\x88").text("weight").tensor({}).set_items().set_items();

    EXPECT_THAT(refusal(torch_zip(pickle.stop())), HasSubstr("DiffQ"));
}

TEST(Checkpoint, ConvertsEveryElementType) {
    struct Case {
        std::string type;
        std::string bytes;
        float value;
    };
    const std::vector<Case> cases = {
        {"HalfStorage", little(0xc100, 2), -2.5f},
        {"HalfStorage", little(0x0001, 2), 0x1p-24f},
        {"BFloat16Storage", little(0x4020, 2), 2.5f},
        {"DoubleStorage", little(0x4004000000000000, 8), 2.5f},
        {"LongStorage", little(static_cast<uint64_t>(-7), 8), -7.0f},
        {"IntStorage", little(static_cast<uint32_t>(-7), 4), -7.0f},
        {"ShortStorage", little(static_cast<uint16_t>(-7), 2), -7.0f},
        {"CharStorage", little(static_cast<uint8_t>(-7), 1), -7.0f},
        {"ByteStorage", little(249, 1), 249.0f},
        {"BoolStorage", little(1, 1), 1.0f},
    };
    for (const Case& one : cases) {
        const PickleBuilder pickle =
            one_tensor({.elements = 1, .shape = {}, .strides = {}, .type = one.type});
        const std::string file = build_zip({{"a/data.pkl", pickle.stop()}, {"a/data/0", one.bytes}});

        EXPECT_THAT(parse(file).read("weight"), ElementsAre(one.value)) << one.type;
    }
}

TEST(Checkpoint, RefusesTensorsThatLeaveTheirStorage) {
    const auto said = [](const PickleBuilder::Tensor& tensor) {
        return refusal(torch_zip(one_tensor(tensor).stop()));
    };
    constexpr int64_t kHuge = int64_t{1} << 62;

    EXPECT_THAT(said({.offset = 1}), HasSubstr("reaches element 6 of a storage of 6"));
    EXPECT_THAT(said({.offset = -1}), HasSubstr("starts at element -1"));
    EXPECT_THAT(said({.offset = kHuge}), HasSubstr("starts at element"));
    EXPECT_THAT(said({.shape = {2, -3}}), HasSubstr("negative"));
    EXPECT_THAT(said({.strides = {-3, 1}}), HasSubstr("negative"));
    EXPECT_THAT(said({.strides = {kHuge, kHuge}}), HasSubstr("beyond any storage"));
    EXPECT_THAT(said({.shape = {kHuge, kHuge}, .strides = {0, 0}}), HasSubstr("claims more elements"));
    EXPECT_THAT(said({.shape = {2, 3, 1}}), HasSubstr("3 sizes and 2 strides"));
    EXPECT_THAT(said({.elements = 7}), HasSubstr("should hold 7 elements"));
    EXPECT_THAT(said({.shape = std::vector<int64_t>(9, 1)}), HasSubstr("9 axes"));
    EXPECT_THAT(said({.type = "ComplexFloatStorage"}), HasSubstr("ComplexFloatStorage are not supported"));
}

TEST(Checkpoint, AcceptsAnEmptyTensor) {
    EXPECT_TRUE(parse(torch_zip(one_tensor({.shape = {0, 3}}).stop())).read("weight").empty());
}

TEST(Checkpoint, SaysWhatAForeignFileIs) {
    EXPECT_THAT(refusal(""), HasSubstr("empty"));
    EXPECT_THAT(refusal("<!DOCTYPE html>"), HasSubstr("web page"));
    EXPECT_THAT(refusal("\x1f\x8b\x08"), HasSubstr("gzip: cut short"));
    EXPECT_THAT(refusal("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("Git LFS"));
    EXPECT_THAT(refusal(PickleBuilder().stop()), HasSubstr("not one that torch.save wrote"));
    EXPECT_THAT(refusal(torch_zip(PickleBuilder().global("torch.nn", "Linear").raw(")\x81}b").stop())),
                HasSubstr("an object of torch.nn.Linear, not a dict"));
    EXPECT_THAT(refusal(build_zip({{"a/data.pkl", ""}, {"a/constants.pkl", ""}})), HasSubstr("TorchScript"));
    EXPECT_THAT(refusal(build_zip({{"a/data.pkl", ""}, {"a/byteorder", "big"}})), HasSubstr("'big'"));
}

TEST(Checkpoint, RefusesEveryTruncation) {
    const std::string file = torch_zip(one_tensor().stop());
    for (size_t size = 0; size < file.size(); ++size) EXPECT_NE(refusal(file.substr(0, size)), "") << size;
}

TEST(Checkpoint, NamesTheFileThatIsWrong) {
    const msst::testing::TempFolder folder;
    std::ofstream(folder / "broken.ckpt") << "PK\x03\x04 and no more";
    try {
        Checkpoint::open(folder / "broken.ckpt");
        FAIL() << "a broken file was opened";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("broken.ckpt: ZIP archive"));
    }
}

}  // namespace
}  // namespace msst::checkpoint
