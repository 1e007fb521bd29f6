// One long switch, since a pickle is a program and this is its interpreter.
#include "checkpoint/pickle.h"

#include <charconv>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/pickle_globals.h"

namespace msst::checkpoint {
namespace {

enum Opcode : uint8_t {
    kMark = '(',
    kStop = '.',
    kPop = '0',
    kPopMark = '1',
    kDup = '2',
    kFloat = 'F',
    kInt = 'I',
    kBinInt = 'J',
    kBinInt1 = 'K',
    kLong = 'L',
    kBinInt2 = 'M',
    kNone = 'N',
    kPersId = 'P',
    kBinPersId = 'Q',
    kReduce = 'R',
    kString = 'S',
    kBinString = 'T',
    kShortBinString = 'U',
    kUnicode = 'V',
    kBinUnicode = 'X',
    kAppend = 'a',
    kBuild = 'b',
    kGlobal = 'c',
    kDict = 'd',
    kEmptyDict = '}',
    kAppends = 'e',
    kGet = 'g',
    kBinGet = 'h',
    kLongBinGet = 'j',
    kList = 'l',
    kEmptyList = ']',
    kPut = 'p',
    kBinPut = 'q',
    kLongBinPut = 'r',
    kSetItem = 's',
    kTuple = 't',
    kEmptyTuple = ')',
    kSetItems = 'u',
    kBinFloat = 'G',
    kBinBytes = 'B',
    kShortBinBytes = 'C',
    kProto = 0x80,
    kNewObj = 0x81,
    kTuple1 = 0x85,
    kTuple2 = 0x86,
    kTuple3 = 0x87,
    kNewTrue = 0x88,
    kNewFalse = 0x89,
    kLong1 = 0x8a,
    kLong4 = 0x8b,
    kShortBinUnicode = 0x8c,
    kBinUnicode8 = 0x8d,
    kBinBytes8 = 0x8e,
    kEmptySet = 0x8f,
    kAddItems = 0x90,
    kFrozenSet = 0x91,
    kNewObjEx = 0x92,
    kStackGlobal = 0x93,
    kMemoize = 0x94,
    kFrame = 0x95,
};

constexpr int kMaxProtocol = 5;
constexpr size_t kMaxGlobalNameBytes = 500;

class Interpreter {
public:
    Interpreter(ByteReader& reader, const PickleLimits& limits)
        : reader_(reader), limits_(limits), charge_([this](size_t items) { charge_items(items); }) {}

    PickleTree run() {
        for (int64_t operation = 0; operation < limits_.operations; ++operation) {
            const uint8_t opcode = reader_.u8();
            if (opcode == kStop) {
                tree_.root = pop();
                return std::move(tree_);
            }
            execute(opcode);
        }
        reader_.fail("the pickle has more than " + std::to_string(limits_.operations) + " operations");
    }

private:
    void execute(uint8_t opcode) {
        switch (opcode) {
            case kProto:
                check_protocol(reader_.u8());
                return;
            case kFrame:
                reader_.u64();
                return;  // a hint for buffered readers
            case kMark:
                push_mark();
                return;
            case kPop:
                pop_value_or_mark();
                return;
            case kPopMark:
                stack_.resize(pop_mark());
                return;
            case kDup:
                push_id(top());
                return;

            case kNone:
                push(None());
                return;
            case kNewTrue:
                push(true);
                return;
            case kNewFalse:
                push(false);
                return;
            case kBinInt:
                push(int64_t{static_cast<int32_t>(reader_.u32())});
                return;
            case kBinInt1:
                push(int64_t{reader_.u8()});
                return;
            case kBinInt2:
                push(int64_t{reader_.u16()});
                return;
            case kInt:
                push_int_line(reader_.take_line());
                return;
            case kLong:
                push_long_line(reader_.take_line());
                return;
            case kLong1:
                push_long(reader_.take(reader_.u8()));
                return;
            case kLong4:
                push_long(reader_.take(reader_.u32()));
                return;
            case kFloat:
                push_float_line(reader_.take_line());
                return;
            case kBinFloat:
                push_big_endian_double();
                return;

            case kBinUnicode:
                push_text(reader_.take_text(reader_.u32()));
                return;
            case kShortBinUnicode:
                push_text(reader_.take_text(reader_.u8()));
                return;
            case kBinUnicode8:
                push_text(reader_.take_text(reader_.u64()));
                return;
            case kUnicode:
                push_text(reader_.take_line());
                return;
            case kString:
                push_text(unquoted(reader_.take_line()));
                return;
            case kBinString:
                push_text(reader_.take_text(reader_.u32()));
                return;  // Python 2's str
            case kShortBinString:
                push_text(reader_.take_text(reader_.u8()));
                return;
            case kBinBytes:
                push_bytes(reader_.take_text(reader_.u32()));
                return;
            case kShortBinBytes:
                push_bytes(reader_.take_text(reader_.u8()));
                return;
            case kBinBytes8:
                push_bytes(reader_.take_text(reader_.u64()));
                return;

            case kEmptyDict:
                push(Dict());
                return;
            case kEmptyList:
                push(Sequence{SequenceKind::list, {}});
                return;
            case kEmptyTuple:
                push(Sequence{SequenceKind::tuple, {}});
                return;
            case kEmptySet:
                push(Sequence{SequenceKind::set, {}});
                return;
            case kList:
                push_sequence(SequenceKind::list, pop_mark());
                return;
            case kTuple:
                push_sequence(SequenceKind::tuple, pop_mark());
                return;
            case kFrozenSet:
                push_sequence(SequenceKind::set, pop_mark());
                return;
            case kTuple1:
                push_sequence(SequenceKind::tuple, start_of_last(1));
                return;
            case kTuple2:
                push_sequence(SequenceKind::tuple, start_of_last(2));
                return;
            case kTuple3:
                push_sequence(SequenceKind::tuple, start_of_last(3));
                return;
            case kDict:
                push_dict();
                return;
            case kAppend:
                append_from(start_of_last(1));
                return;
            case kAppends:
            case kAddItems:
                append_from(pop_mark());
                return;
            case kSetItem:
                set_items_from(start_of_last(2));
                return;
            case kSetItems:
                set_items_from(pop_mark());
                return;

            case kPut:
                remember(parse_index(reader_.take_line()));
                return;
            case kBinPut:
                remember(reader_.u8());
                return;
            case kLongBinPut:
                remember(reader_.u32());
                return;
            case kMemoize:
                remember(memo_.size());
                return;
            case kGet:
                push_id(remembered(parse_index(reader_.take_line())));
                return;
            case kBinGet:
                push_id(remembered(reader_.u8()));
                return;
            case kLongBinGet:
                push_id(remembered(reader_.u32()));
                return;

            case kGlobal:
                push_global_lines();
                return;
            case kStackGlobal:
                push_stack_global();
                return;
            case kReduce:
            case kNewObj:
                reduce();
                return;
            case kNewObjEx:
                pop();
                reduce();
                return;  // keyword arguments mean nothing to us
            case kBuild:
                pop();
                top();
                return;  // state of an object that we do not have
            case kBinPersId:
                push(read_persistent_id(tree_, pop()));
                return;
            case kPersId:
                reader_.fail("a textual persistent id, which torch.save does not write");
        }
        reader_.fail("opcode " + std::to_string(opcode) + " is not one that torch.save writes");
    }

    // The stack. Marks are kept beside it, as positions.

    void push(PickleValue value) {
        if (static_cast<int64_t>(tree_.size()) >= limits_.values)
            reader_.fail("the pickle has more than " + std::to_string(limits_.values) + " values");
        push_id(tree_.add(std::move(value)));
    }

    void push_id(ValueId id) {
        check_stack();
        stack_.push_back(id);
    }

    void push_mark() {
        check_stack();
        marks_.push_back(stack_.size());
    }

    void check_stack() const {
        if (static_cast<int64_t>(stack_.size() + marks_.size()) >= limits_.stack)
            reader_.fail("the stack holds more than " + std::to_string(limits_.stack) + " values");
    }

    // Values below the newest mark belong to an outer structure.
    size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

    ValueId top() const {
        if (stack_.size() <= floor()) reader_.fail("the stack is empty");
        return stack_.back();
    }

    ValueId pop() {
        const ValueId id = top();
        stack_.pop_back();
        return id;
    }

    void pop_value_or_mark() {
        if (!marks_.empty() && stack_.size() == marks_.back())
            marks_.pop_back();
        else
            pop();
    }

    size_t pop_mark() {
        if (marks_.empty()) reader_.fail("a mark is missing");
        const size_t start = marks_.back();
        marks_.pop_back();
        return start;
    }

    size_t start_of_last(size_t count) const {
        if (stack_.size() - floor() < count)
            reader_.fail("wants " + std::to_string(count) + " values, the stack has " +
                         std::to_string(stack_.size() - floor()));
        return stack_.size() - count;
    }

    void charge_items(size_t items) {
        copied_items_ += static_cast<int64_t>(items);
        if (copied_items_ > limits_.copied_items)
            reader_.fail("the pickle moves more than " + std::to_string(limits_.copied_items) + " items");
    }

    // Scalars.

    void check_protocol(int protocol) const {
        if (protocol > kMaxProtocol)
            reader_.fail("pickle protocol " + std::to_string(protocol) + ", the newest known is " +
                         std::to_string(kMaxProtocol));
    }

    template <class Number>
    Number parse_number(std::string_view text) const {
        Number number = {};
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem != std::errc() || end != text.data() + text.size())
            reader_.fail("'" + clean_text(text, 40) + "' is not a number");
        return number;
    }

    uint64_t parse_index(std::string_view line) const { return parse_number<uint32_t>(line); }

    void push_int_line(std::string_view line) {
        if (line == "00" || line == "01")
            push(line == "01");
        else
            push(parse_number<int64_t>(line));
    }

    void push_long_line(std::string_view line) {
        if (line.ends_with('L')) line.remove_suffix(1);
        push(parse_number<int64_t>(line));
    }

    void push_float_line(std::string_view line) { push(parse_number<double>(line)); }

    // Two's complement, little-endian, any length; wider than 64 bits only occurs in random number states.
    void push_long(Bytes bytes) {
        if (bytes.size() > 8) return push(Opaque{"a wide integer"});
        uint64_t bits = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~uint64_t{0} : 0;
        for (size_t i = bytes.size(); i-- > 0;) bits = bits << 8 | static_cast<uint64_t>(bytes[i]);
        push(static_cast<int64_t>(bits));
    }

    void push_big_endian_double() {
        uint64_t bits = 0;
        for (const std::byte byte : reader_.take(8)) bits = bits << 8 | static_cast<uint64_t>(byte);
        push(std::bit_cast<double>(bits));
    }

    void push_text(std::string_view text) { push(std::string(text)); }
    void push_bytes(std::string_view bytes) { push(ByteString{std::string(bytes)}); }

    std::string_view unquoted(std::string_view line) const {
        const bool is_quoted =
            line.size() >= 2 && line.front() == line.back() && (line.front() == '\'' || line.front() == '"');
        if (!is_quoted) reader_.fail("a text has no quotation marks");
        return line.substr(1, line.size() - 2);
    }

    // Containers.

    void push_sequence(SequenceKind kind, size_t start) {
        charge_items(stack_.size() - start);
        Sequence sequence{kind, {stack_.begin() + static_cast<int64_t>(start), stack_.end()}};
        stack_.resize(start);
        push(std::move(sequence));
    }

    void push_dict() {
        const size_t start = pop_mark();
        Dict dict;
        move_pairs(start, dict);
        push(std::move(dict));
    }

    void append_from(size_t start) {
        charge_items(stack_.size() - start);
        const std::vector<ValueId> items(stack_.begin() + static_cast<int64_t>(start), stack_.end());
        stack_.resize(start);
        PickleValue& target = tree_[top()];
        if (auto* sequence = std::get_if<Sequence>(&target))
            sequence->items.insert(sequence->items.end(), items.begin(), items.end());
        else if (!std::holds_alternative<Opaque>(target))
            reader_.fail("items are appended to " + tree_.describe(top()));
    }

    void set_items_from(size_t start) {
        Dict pairs;
        move_pairs(start, pairs);
        PickleValue& target = tree_[top()];
        if (auto* dict = std::get_if<Dict>(&target))
            dict->entries.insert(dict->entries.end(), pairs.entries.begin(), pairs.entries.end());
        else if (!std::holds_alternative<Opaque>(target))
            reader_.fail("items are set in " + tree_.describe(top()));
    }

    void move_pairs(size_t start, Dict& dict) {
        const size_t count = stack_.size() - start;
        if (count % 2 != 0)
            reader_.fail("a dict has " + std::to_string(count) + " keys and values, an odd number");
        charge_items(count);
        for (size_t i = start; i < stack_.size(); i += 2) dict.entries.emplace_back(stack_[i], stack_[i + 1]);
        stack_.resize(start);
    }

    void remember(uint64_t index) {
        if (static_cast<int64_t>(memo_.size()) >= limits_.values)
            reader_.fail("the pickle remembers more than " + std::to_string(limits_.values) + " values");
        memo_[index] = top();
    }

    ValueId remembered(uint64_t index) const {
        const auto found = memo_.find(index);
        if (found == memo_.end()) reader_.fail("nothing was remembered as " + std::to_string(index));
        return found->second;
    }

    // Names and what would be calls.

    void push_global(std::string_view module, std::string_view name) {
        if (module.size() + name.size() > kMaxGlobalNameBytes)
            reader_.fail("a global's name has " + std::to_string(module.size() + name.size()) + " bytes");
        push(Global{std::string(module) + "." + std::string(name)});
    }

    void push_global_lines() {
        const std::string_view module = reader_.take_line();
        push_global(module, reader_.take_line());
    }

    void push_stack_global() {
        const ValueId name = pop();
        const ValueId module = pop();
        const auto* name_text = tree_.get_if<std::string>(name);
        const auto* module_text = tree_.get_if<std::string>(module);
        if (!name_text || !module_text) reader_.fail("a global's name is not a text");
        charge_items(module_text->size() + name_text->size());
        push_global(*module_text, *name_text);
    }

    void reduce() {
        const ValueId args = pop();
        const ValueId callable = pop();
        push(reduce_global(tree_, callable, args, charge_));
    }

    ByteReader& reader_;
    PickleLimits limits_;
    ChargeItems charge_;
    PickleTree tree_;
    std::vector<ValueId> stack_;
    std::vector<size_t> marks_;
    std::unordered_map<uint64_t, ValueId> memo_;
    int64_t copied_items_ = 0;
};

}  // namespace

PickleTree read_pickle(ByteReader& reader, const PickleLimits& limits) {
    return Interpreter(reader, limits).run();
}

}  // namespace msst::checkpoint
