#include <fmt/format.h>

#include <algorithm>

#include "image/delta_coding.hpp"
#include "image/delta_format.hpp"
#include "image/delta_match.hpp"
#include "image/delta_predict.hpp"
#include "image/delta_segments.hpp"
#include "image/limits.hpp"

namespace aiot::image {
namespace {

struct CodedChanges {
  DeltaCode code = DeltaCode::none;
  Bytes gaps;
  Bytes values;
};

CodedChanges changes_of(DeltaCode code, const DeltaControl& control, ByteSpan source,
                        ByteSpan result) {
  CodedChanges out{code, {}, {}};
  Predictor predictor(code, control);
  std::uint32_t gap = 0;
  for (const auto& copy : control.copies) {
    for (std::uint32_t done = 0; done < copy.length;) {
      const auto ahead = source.subspan(copy.source + done,
                                        std::min<std::size_t>(copy.length - done, operand_bytes));
      const auto predicted = predictor.predict(copy, done, ahead);
      const auto actual = result.subspan(copy.result + done, predicted.length);
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const auto change = static_cast<std::uint8_t>(actual[i] - predicted.bytes[i]);
        if (change == 0) {
          ++gap;
          continue;
        }
        append_varint(out.gaps, gap);
        out.values.push_back(change);
        gap = 0;
      }
      predictor.learn(actual);
      done += predicted.length;
    }
  }
  return out;
}

CodedChanges fewest_changes(const DeltaControl& control, ByteSpan source, ByteSpan result) {
  auto best = changes_of(DeltaCode::none, control, source, result);
  for (const auto code :
       {DeltaCode::arm_thumb, DeltaCode::xtensa, DeltaCode::riscv, DeltaCode::x86}) {
    auto next = changes_of(code, control, source, result);
    if (next.values.size() < best.values.size()) best = std::move(next);
  }
  return best;
}

Bytes added_bytes(const std::vector<DeltaCopy>& copies, ByteSpan result) {
  Bytes out;
  std::size_t at = 0;
  for (const auto& copy : copies) {
    append(out, result.subspan(at, copy.result - at));
    at = std::size_t{copy.result} + copy.length;
  }
  append(out, result.subspan(at));
  return out;
}

/// The longest copies, within what the applier has memory for.
void keep_longest(std::vector<DeltaCopy>& copies) {
  // A varint of the control stream has at most 5 bytes, and a copy three of them.
  constexpr std::size_t most =
      std::min<std::size_t>(delta_limits::copies, delta_limits::control_bytes / 16);
  if (copies.size() <= most) return;
  std::nth_element(copies.begin(), copies.begin() + most, copies.end(),
                   [](const auto& a, const auto& b) { return a.length > b.length; });
  copies.resize(most);
  std::sort(copies.begin(), copies.end(),
            [](const auto& a, const auto& b) { return a.result < b.result; });
}

}  // namespace

Result<Delta> make_delta(ByteSpan source, ByteSpan result, std::optional<DeltaCode> code) {
  for (const auto& file : {source, result})
    if (file.size() > limits::file_bytes)
      return make_error(Errc::too_large, fmt::format("a delta of files of {} bytes", file.size()));
  DeltaControl control;
  control.copies = find_copies(source, result);
  keep_longest(control.copies);
  find_segments(source, result, control);
  const auto changes =
      code ? changes_of(*code, control, source, result) : fewest_changes(control, source, result);

  DeltaHeader header;
  header.info = {changes.code, source.size(), result.size(), crypto::sha256(source),
                 crypto::sha256(result)};
  const auto added = added_bytes(control.copies, result);
  const auto primer = source.first(
      added.empty() ? 0 : std::min<std::size_t>(source.size(), delta_limits::primer_bytes));
  Bytes packed;
  const auto pack = [&](DeltaStream stream, ByteSpan data, ByteSpan primed) {
    const auto one = pack_stream(stream, data, primed);
    header[stream] = one.info;
    append(packed, one.data);
  };
  pack(DeltaStream::control, encode(control), {});
  pack(DeltaStream::gaps, changes.gaps, {});
  pack(DeltaStream::changes, changes.values, {});
  pack(DeltaStream::added, added, primer);
  if (header[DeltaStream::added].method == DeltaMethod::lzma2)
    header.primer_bytes = static_cast<std::uint32_t>(primer.size());

  Delta delta{header.info, encode(header)};
  append(delta.file, packed);
  return delta;
}

}  // namespace aiot::image
