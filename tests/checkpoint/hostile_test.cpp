// Files made to crash, hang or fill memory. Each is refused, or read for what is harmless in it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/parse.h"
#include "checkpoint/pickle.h"
#include "checkpoint/zip.h"

namespace msst::checkpoint {
namespace {

using testing::build_zip;
using testing::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::little;
using testing::parse;
using testing::PickleBuilder;
using testing::refusal;
using testing::torch_zip;

std::string refused_pickle(const std::string& pickle, const PickleLimits& limits = {}) {
    try {
        ByteReader reader(bytes_of(pickle), "a pickle");
        read_pickle(reader, limits);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

std::string repeated(std::string_view piece, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += piece;
    return all;
}

TEST(Hostile, NothingIsEverCalled) {
    PickleBuilder pickle;
    pickle.empty_dict().mark();
    pickle.text("evil").global("os", "system").mark().text("touch /tmp/owned").tuple().reduce();
    pickle.text("weight").tensor({}).set_items();
    const Checkpoint checkpoint = parse(torch_zip(pickle.stop()));

    EXPECT_THAT(checkpoint.names(), ElementsAre("weight"));
}

TEST(Hostile, AnObjectInPlaceOfATensorIsNamed) {
    PickleBuilder pickle;
    pickle.global("torch._utils", "_rebuild_parameter").mark();
    pickle.global("os", "system").raw(")R").raw("\x89").raw("}").tuple().reduce();

    EXPECT_THAT(refused_pickle(pickle.stop()), HasSubstr("an object of os.system, not a tensor"));
}

TEST(Hostile, ADictThatContainsItselfEndsTheSearch) {
    PickleBuilder pickle;
    pickle.empty_dict().raw("q\x01").mark();
    for (const char* key : {"state", "state_dict", "model_state_dict", "model", "ema", "params"})
        pickle.text(key).raw("h\x01");
    pickle.set_items();

    EXPECT_THAT(refusal(torch_zip(pickle.stop())), HasSubstr("no named tensors"));
}

TEST(Hostile, MetadataOfListsThatShareEachOtherStaysSmall) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("bomb");
    pickle.raw("]q").raw(little(1, 1));
    for (int level = 2; level < 40; ++level) {  // each list holds the one before ten times: 10^38 in all
        pickle.raw("0]q").raw(little(level, 1)).mark();
        for (int i = 0; i < 10; ++i) pickle.raw("h").raw(little(level - 1, 1));
        pickle.raw("e");
    }
    pickle.text("state").empty_dict().mark().text("weight").tensor({}).set_items().set_items();

    EXPECT_THAT(parse(torch_zip(pickle.stop())).names(), ElementsAre("weight"));
}

TEST(Hostile, OperationsValuesStackAndCopiesAreLimited) {
    const PickleLimits small = {.operations = 1000, .values = 100, .copied_items = 100, .stack = 50};

    EXPECT_THAT(refused_pickle(repeated("N0", 200), small), HasSubstr("more than 100 values"));
    EXPECT_THAT(refused_pickle("N" + repeated("20", 600), small), HasSubstr("more than 1000 operations"));
    EXPECT_THAT(refused_pickle(repeated("N", 60), small), HasSubstr("stack holds more than 50"));
    EXPECT_THAT(refused_pickle(repeated("(", 60), small), HasSubstr("stack holds more than 50"));
    EXPECT_THAT(refused_pickle("N" + repeated("\x94", 200), small), HasSubstr("remembers more than 100"));
    EXPECT_THAT(
        refused_pickle("](" + repeated("N", 40) + "eq\x01" + repeated("0(h\x01h\x01h\x01h\x01l", 40), small),
        HasSubstr("moves more than 100 items"));
}

TEST(Hostile, CopyingALongNameOverAndOverIsLimited) {
    PickleBuilder pickle;
    pickle.text(std::string(400, 'm')).raw("q\x01").text("name").raw("q\x02");
    for (int i = 0; i < 100; ++i) pickle.raw("h\x01h\x02\x93");

    EXPECT_THAT(refused_pickle(pickle.stop(), {.copied_items = 10'000}), HasSubstr("moves more than 10000"));
}

TEST(Hostile, NestingAMillionDeepDoesNotRecurse) {
    const std::string deep = repeated("]", 100'000) + repeated("a", 99'999) + ".";

    EXPECT_EQ(refused_pickle(deep), "");
}

TEST(Hostile, MalformedPicklesAreRefused) {
    EXPECT_THAT(refused_pickle("."), HasSubstr("stack is empty"));
    EXPECT_THAT(refused_pickle("N"), HasSubstr("wants 1 bytes, 0 are left"));
    EXPECT_THAT(refused_pickle("Na."), HasSubstr("stack is empty"));
    EXPECT_THAT(refused_pickle("h\x05."), HasSubstr("nothing was remembered as 5"));
    EXPECT_THAT(refused_pickle("Ix\n."), HasSubstr("'x' is not a number"));
    EXPECT_THAT(refused_pickle("N\x80\x09."), HasSubstr("protocol 9"));
}

TEST(Hostile, EveryOpcodeOnAnEmptyStackIsRefusedOrHarmless) {
    for (int opcode = 0; opcode < 256; ++opcode) {
        const std::string pickle = std::string(1, static_cast<char>(opcode)) + std::string(12, '\0') + "\n\n";
        EXPECT_NE(refused_pickle(pickle), "") << opcode;
    }
}

TEST(Hostile, DeclaredSizesAreComparedWithWhatIsThere) {
    EXPECT_THAT(refused_pickle("X" + little(0xffffffff, 4) + "abc"), HasSubstr("wants 4294967295 bytes, 3"));
    EXPECT_THAT(refused_pickle("\x8e" + little(~uint64_t{0}, 8) + "abc"), HasSubstr("bytes, 3 are left"));
}

TEST(Hostile, ItemsMayNotBeTakenFromBelowAMark) {
    EXPECT_THAT(refused_pickle("}NN(s."), HasSubstr("wants 2 values, the stack has 0"));
    EXPECT_THAT(refused_pickle("N(t."), "");
    EXPECT_THAT(refused_pickle("(NNNd."), HasSubstr("3 keys and values, an odd number"));
    EXPECT_THAT(refused_pickle("NNa."), HasSubstr("items are appended to None"));
}

TEST(Hostile, AZipThatLiesAboutSizesIsRefused) {
    EXPECT_THAT(refusal(build_zip({{"a/data.pkl", "N."}}, {.claimed_bytes_added = 1'000'000})),
                HasSubstr("wants 1000002 bytes"));
    EXPECT_THAT(refusal(build_zip({{"a/data.pkl", "N."}}, {.method = 8})),
                HasSubstr("compressed (method 8)"));
    EXPECT_THAT(refusal(build_zip({{"a/data.pkl", "N."}, {"a/data.pkl", "N."}})), HasSubstr("same name"));
    EXPECT_THAT(refusal(build_zip({{"a/data.txt", "N."}})), HasSubstr("no data.pkl"));
}

TEST(Hostile, AZipDirectoryOfBillionsIsRefusedAtOnce) {
    std::string archive = build_zip({{"a/data.pkl", "N."}}, {.is_zip64 = true});
    const size_t end = archive.find("PK\x06\x06");
    archive.replace(end + 32, 8, little(uint64_t{1} << 40, 8));

    EXPECT_THAT(refusal(archive), HasSubstr("claims 1099511627776 members"));
}

TEST(Hostile, EveryFlippedByteIsRefusedOrRead) {
    PickleBuilder pickle;
    pickle.empty_dict().mark().text("weight").tensor({}).set_items();
    const std::string file = torch_zip(pickle.stop());
    for (size_t at = 0; at < file.size(); ++at)
        for (const int change : {0x01, 0x80, 0xff}) {
            std::string broken = file;
            broken[at] = static_cast<char>(broken[at] ^ change);
            EXPECT_THAT(refusal(broken), ::testing::Not(HasSubstr("not invalid_input"))) << at;
        }
}

}  // namespace
}  // namespace msst::checkpoint
