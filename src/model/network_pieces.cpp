#include "network_pieces.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

struct Form {
    std::string_view name;
    Piece::Kind kind;
    std::string_view usage;
    std::size_t least;
    std::size_t most;
};

constexpr std::array forms{
    Form{"conv", Piece::Kind::convolution, "conv(CHANNELS,SIDE[,STRIDE[,PADDING]])", 2, 4},
    Form{"residual", Piece::Kind::residual,
         "residual(SIDE[,CHANNELS]), or residual for a dense one", 0, 2},
    Form{"potential", Piece::Kind::potential, "potential(CHANNELS,SIDE)", 2, 2},
    Form{"fidelity", Piece::Kind::fidelity,
         "fidelity, or with what is known of the measurement fidelity(blur(PIXELS)[,NUMBER...])", 0,
         0},
    Form{"keep_input", Piece::Kind::kept, "keep_input right behind the input", 0, 0},
    Form{"by_rows", Piece::Kind::by_rows, "by_rows right behind the input", 0, 0},
    Form{"recurrent", Piece::Kind::recurrent, "recurrent(UNITS)", 1, 1},
    Form{"maxpool", Piece::Kind::maximum, "maxpool(SIDE[,STRIDE])", 1, 2},
    Form{"batchnorm", Piece::Kind::normalization, "batchnorm", 0, 0},
    Form{"avgpool", Piece::Kind::mean, "avgpool(SIDE[,STRIDE]), or avgpool for all", 0, 2},
    Form{"shuffle", Piece::Kind::shuffle, "shuffle(SIDE) at the end of a network of pictures", 1,
         1},
    Form{"add_input", Piece::Kind::addition, "add_input at the end of a network of pictures", 0, 0},
};

// Nothing where a text is no list of whole numbers.
std::optional<std::vector<Index>> whole_numbers(std::string_view text, char separator) {
    std::vector<Index> numbers;
    for (const std::string& piece : split(text, separator)) {
        const auto number = to_whole_number(piece);
        if (!number || *number < 0 || *number > most_numbers) {
            return std::nullopt;
        }
        numbers.push_back(*number);
    }
    return numbers;
}

bool are_positive(const std::vector<Index>& numbers) {
    return std::ranges::all_of(numbers, [](Index number) { return number > 0; });
}

std::string names_of_forms() {
    std::vector<std::string> usages;
    for (const Form& form : forms) {
        usages.emplace_back(form.usage);
    }
    return join(usages, "; ");
}

std::optional<std::string> meant_form(std::string_view name) {
    std::vector<std::string> names;
    for (const Form& form : forms) {
        names.emplace_back(form.name);
    }
    return nearest(name, names);
}

Piece read_piece(const std::string& text, const std::string& shown) {
    const auto refuse = [&](const std::string& what) {
        throw UsageError(shown + " cannot be read", "'" + text + "' " + what, network_example);
    };
    if (to_number(text)) {
        const auto width = whole_numbers(text, 'x');
        if (!width || !are_positive(*width)) {
            refuse("is not a width of at least 1");
        }
        return {Piece::Kind::width, text, *width};
    }
    const auto open = text.find('(');
    const std::string name(trim(std::string_view(text).substr(0, open)));
    if (open == std::string::npos && name.find('x') != std::string::npos) {
        if (auto sizes = whole_numbers(name, 'x'); sizes && !sizes->empty()) {
            if (sizes->size() == 2) {
                sizes->push_back(1);
            }
            if (sizes->size() != 3 || !are_positive(*sizes)) {
                refuse("is not the shape of a picture, ROWSxCOLUMNSxCHANNELS");
            }
            return {Piece::Kind::shape, text, *sizes};
        }
    }
    const auto form = std::ranges::find(forms, name, &Form::name);
    if (form == forms.end()) {
        const auto meant = meant_form(name);
        refuse("is not a width, nor a map: " + names_of_forms() +
               (meant ? "; did you mean " + *meant + "?" : ""));
    }
    std::vector<Index> numbers;
    if (open != std::string::npos) {
        if (text.back() != ')') {
            refuse("has no closing parenthesis");
        }
        const std::string parameters = text.substr(open + 1, text.size() - open - 2);
        if (form->kind == Piece::Kind::fidelity && !parameters.empty()) {
            return {form->kind, text, {}, parameters};
        }
        const auto inside = whole_numbers(parameters, ',');
        if (!inside) {
            refuse("has a parameter that is no whole number");
        }
        numbers = *inside;
    }
    const bool empty = open != std::string::npos && numbers.empty();
    if (empty || numbers.size() < form->least || numbers.size() > form->most) {
        refuse("has the wrong number of parameters: " + std::string(form->usage));
    }
    return {form->kind, text, std::move(numbers)};
}

}  // namespace

Index maps_in(const std::vector<Piece>& pieces) {
    Index maps = 0;
    for (const Piece& piece : pieces) {
        maps += piece.maps();
    }
    return maps;
}

Index Piece::maps() const {
    switch (kind) {
        case Kind::width:
        case Kind::convolution:
        case Kind::fidelity:
        case Kind::recurrent:
            return 1;
        case Kind::residual:
            return numbers.size() == 2 ? 2 : 1;
        case Kind::potential:
            return 2;
        default:
            return 0;
    }
}

std::vector<std::string> split_outside(std::string_view text, char separator) {
    std::vector<std::string> pieces(1);
    int depth = 0;
    for (const char c : text) {
        depth += (c == '(') - (c == ')');
        if (c == separator && depth == 0) {
            pieces.emplace_back();
        } else {
            pieces.back() += c;
        }
    }
    for (std::string& piece : pieces) {
        piece = std::string(trim(piece));
    }
    return pieces;
}

std::vector<Piece> read_pieces(std::string_view text, const std::string& shown) {
    constexpr std::size_t most_pieces = 10000;
    std::vector<Piece> all;
    for (const std::string& piece : split_outside(text, '-')) {
        const auto refuse = [&](const std::string& what) {
            throw UsageError(shown + " cannot be read", "'" + piece + "' " + what,
                             "write a repetition like residual(3)*4 or (conv(64,3)-batchnorm)*2");
        };
        std::vector<std::string> factors = split_outside(piece, '^');
        const bool again = factors.size() > 1;
        if (!again) {
            factors = split_outside(piece, '*');
        }
        const auto times = factors.size() == 2 ? to_whole_number(factors[1]) : Index{1};
        if (factors.size() > 2 || !times || *times < 1) {
            refuse("does not end in a whole number of times");
        }
        const std::string& repeated = factors.front();
        std::vector<Piece> once;
        if (repeated.starts_with('(') && repeated.ends_with(')')) {
            once = read_pieces(std::string_view(repeated).substr(1, repeated.size() - 2), shown);
        } else {
            once.push_back(read_piece(repeated, shown));
        }
        if (static_cast<std::size_t>(*times) > (most_pieces - all.size()) / once.size()) {
            refuse("makes more than " + std::to_string(most_pieces) + " pieces");
        }
        const Index maps = maps_in(once);
        for (Index i = 0; i < *times; ++i) {
            for (Piece copy : once) {
                copy.again = again && i > 0 && copy.maps() > 0 ? maps : copy.again;
                all.push_back(std::move(copy));
            }
        }
    }
    return all;
}

}  // namespace hoist
