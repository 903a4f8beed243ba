#include "xml/error.hpp"

namespace aiot::xml {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::not_xml, "xml.syntax", "not XML", Condition::protocol},
    {Errc::too_large, "xml.large", "the XML is too large", Condition::protocol},
    {Errc::forbidden, "xml.doctype", "the XML declares a document type, which is not taken",
     Condition::protocol},
};
const ErrorTable table("xml", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::xml
