#include "csv_scan.hpp"

#include <optional>

#include "csv_columns.hpp"
#include "csv_text.hpp"
#include "csv_values.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

using Fields = std::span<const std::string_view>;

/// A record of a file with tabs has another number of fields than the first: several tabs may set off
/// its fields.
struct Ragged {
    DataError error;
};

class Scanner {
  public:
    Scanner(const std::filesystem::path& path, const DataConfig& config, const DataUse& use,
            const KnownTable& known, CsvRecords& records, char separator)
        : path_(path.string()),
          config_(config),
          use_(use),
          records_(records),
          known_(known),
          columns_(known.table),
          targets_(use) {
        scan_.separator = separator;
    }

    /// @throws Ragged where another separator may do better.
    CsvScan scan() {
        records_.set_separator(scan_.separator);
        CsvFields fields(scan_.separator);
        if (!next_filled()) {
            throw DataError(path_ + " is empty", "", "name a file with samples");
        }
        if (records_.record().starts_with('#')) {
            fail("it begins with #, and comments are not read", "remove the line, or its # alone");
        }
        const Fields first = cut(fields);
        scan_.layout = find_layout(path_, first, config_, use_.features, known_);
        columns_.begin(scan_.layout);
        if (!scan_.layout.header) {
            take(first);
        }
        while (next_filled()) {
            take(cut(fields));
        }
        if (scan_.offsets.empty()) {
            throw DataError(
                path_ + " has no samples",
                scan_.dropped > 0 ? "each lacks a value" : "it holds nothing but a header",
                scan_.dropped > 0 ? "leave out columns of missing values with data.ignore, "
                                    "or set data.missing = mean"
                                  : "name a file with samples");
        }
        require_clear_first_line();
        finish();
        return std::move(scan_);
    }

  private:
    [[noreturn]] void fail(const std::string& why, const std::string& advice) const {
        throw DataError(path_ + ", line " + std::to_string(records_.line()), why, advice);
    }

    [[noreturn]] void fail(Index place, const std::string& why, std::string advice) const {
        const bool header_is_likely = !scan_.layout.header &&
                                      config_.header == TableHeader::automatic &&
                                      scan_.offsets.size() < 2;
        if (header_is_likely) {
            advice += "; if line 1 is a header, set data.header = true";
        }
        throw DataError(
            path_ + ", line " + std::to_string(records_.line()) + ", " + scan_.layout.column(place),
            why, advice);
    }

    [[noreturn]] void fail_input(Index place, const std::string& why) const {
        fail(place, why, "correct it, or leave the column out with data.ignore");
    }

    [[noreturn]] void fail_target(const std::string& why) const {
        fail(*scan_.layout.target, why, "correct it, or name another column with data.target");
    }

    /// Goes to the next record that is not blank; blank ones may only come at the end.
    bool next_filled() {
        bool blank = false;
        while (next()) {
            if (!trim(records_.record()).empty()) {
                if (blank) {
                    fail("blank lines come before it", "remove them");
                }
                return true;
            }
            blank = true;
        }
        return false;
    }

    bool next() try { return records_.next(); } catch (const DataError& error) {
        fail(error.what(), "save it as UTF-8 text, plain or gzip, or correct it");
    }

    Fields cut(CsvFields& fields) const {
        try {
            return fields.cut(records_.record());
        } catch (const DataError& error) {
            fail(error.what(), "put the whole field in quotes, and two for a quote in it");
        }
    }

    void take(Fields fields) {
        if (std::ssize(fields) != scan_.layout.columns) {
            fail_ragged(fields);
        }
        if (lacks_value(fields)) {
            ++scan_.dropped;
            return;
        }
        columns_.take(
            fields, records_.line(),
            [&](std::size_t input, const std::string& why) {
                fail_input(scan_.layout.inputs[input], why);
            },
            use_.largest);
        if (scan_.layout.target) {
            targets_.take(target(fields), records_.line(),
                          [&](const std::string& why) { fail_target(why); });
        }
        scan_.offsets.push_back(records_.offset());
    }

    [[noreturn]] void fail_ragged(Fields fields) const {
        try {
            fail("it has " + std::to_string(fields.size()) + " fields, the first line " +
                     std::to_string(scan_.layout.columns),
                 records_.record().starts_with('#') ? "remove comments"
                 : fields.back().empty() ? "a separator at the end of a line begins another "
                                           "field; remove it"
                                         : "correct it");
        } catch (const DataError& error) {
            if (scan_.separator == '\t') {
                throw Ragged{error};
            }
            throw;
        }
    }

    std::string_view target(Fields fields) const {
        return fields[static_cast<std::size_t>(*scan_.layout.target)];
    }

    /// Whether the sample is to be dropped. @throws where a missing value is an error.
    bool lacks_value(Fields fields) const {
        const auto input = columns_.find_missing(fields);
        if (input && config_.missing == MissingValues::refused) {
            const Index place = scan_.layout.inputs[*input];
            const std::string_view field = fields[static_cast<std::size_t>(place)];
            const std::string_view last = fields.back();
            fail(place,
                 is_missing(field)
                     ? field.empty() ? "there is no value" : std::string(field) + " is no value"
                     : in_quotes(field) + " is none of the words that " + known_.of + " has",
                 "correct it, set data.missing = mean or drop, or leave the column out with "
                 "data.ignore" +
                     std::string(last.empty() && place + 1 == scan_.layout.columns
                                     ? " (a separator at the end of lines begins a column)"
                                     : ""));
        }
        const bool drops = config_.missing == MissingValues::dropped;
        if (!scan_.layout.target || (input && drops)) {
            return input && drops;
        }
        const std::string_view field = target(fields);
        const bool lacks = targets_.lacks(field);
        if (lacks && !drops) {
            const std::string kind = use_.task == Task::values ? "value" : "class";
            const std::string number = std::to_string(*scan_.layout.target + 1);
            const bool at_the_end = *scan_.layout.target + 1 == scan_.layout.columns;
            fail(*scan_.layout.target,
                 field.empty() ? "there is no " + kind : std::string(field) + " is no " + kind,
                 field.empty() && at_the_end && !scan_.layout.header && config_.target.empty() &&
                         scan_.offsets.empty()
                     ? "if lines end with a separator, leave the column out with data.ignore = " +
                           number
                     : "correct it, leave such samples out with data.missing = drop, or name "
                       "another column with data.target");
        }
        return lacks;
    }

    // Where the rule for headers is likely to be wrong, it does not decide.
    void require_clear_first_line() const {
        if (config_.header != TableHeader::automatic || !known_.table.empty()) {
            return;
        }
        const auto refuse = [&](const std::string& why) {
            throw DataError("line 1 of " + path_ + " may be a header or a sample", why,
                            "set data.header = true or data.header = false");
        };
        if (scan_.layout.header) {
            if (columns_.all_names_are_words()) {
                refuse("each of its fields comes again in its column");
            }
            return;
        }
        if (columns_.only_first_line_is_whole()) {
            refuse("its numbers are whole and rise, and no others are whole");
        }
        const auto alone = targets_.lone_first_class();
        if (alone && use_.class_names.empty()) {
            refuse("the class " + *alone + " comes in no other line");
        }
    }

    void finish() {
        scan_.targets = targets_.finish();
        scan_.table = columns_.finish(path_);
        if (known_.table.empty() && scan_.layout.header && scan_.layout.target) {
            scan_.table.target = scan_.layout.names[static_cast<std::size_t>(*scan_.layout.target)];
        }
        scan_.remarks = columns_.remarks(path_);
        if (scan_.dropped > 0) {
            scan_.remarks.push_back(std::to_string(scan_.dropped) + " of " +
                                    std::to_string(scan_.dropped + std::ssize(scan_.offsets)) +
                                    " samples of " + path_ +
                                    " are left out, since they lack a value (data.missing = drop)");
        }
    }

    std::string path_;
    const DataConfig& config_;
    const DataUse& use_;
    CsvRecords& records_;
    const KnownTable& known_;
    CsvColumns columns_;
    CsvTargetColumn targets_;
    CsvScan scan_;
};

}  // namespace

CsvScan scan_csv(const std::filesystem::path& path, const DataConfig& config, const DataUse& use,
                 const KnownTable& known) {
    std::optional<CsvRecords> records;
    std::optional<std::string> first;
    try {
        records.emplace(path);
        first = records->first_line();
    } catch (const DataError& error) {
        throw DataError("cannot read " + path.string(), error.what(),
                        "save it as UTF-8 text, plain or gzip");
    }
    const auto scan = [&](char separator) {
        return Scanner(path, config, use, known, *records, separator).scan();
    };
    const char separator = separator_of(first.value_or(""));
    try {
        return scan(separator);
    } catch (const Ragged& ragged) {
        records.emplace(path);
        try {
            return scan(blanks);
        } catch (const Error&) {
            throw DataError(ragged.error);
        }
    }
}

}  // namespace hoist
