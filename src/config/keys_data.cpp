#include <algorithm>

#include "hoist/base/text.hpp"
#include "key.hpp"

namespace hoist {

namespace {

double share_or_count(const Value& value) {
    const double share = value.number(0.0);
    return share < 1.0 ? share : static_cast<double>(value.whole_number(1));
}

// Of what an input may be off by.
double input_variance(const Value& value) {
    const std::string_view text = trim(value.text);
    if (text.empty()) {
        return 0.0;
    }
    const auto open = std::min(text.find('('), text.size());
    const std::string_view name = trim(text.substr(0, open));
    if ((name != "gaussian" && name != "box") || open == text.size() || text.back() != ')') {
        value.refuse("it is neither gaussian(DEVIATION) nor box(RADIUS)",
                     "write it like gaussian(0.1)");
    }
    const std::string inside(trim(text.substr(open + 1, text.size() - open - 2)));
    const double size = Value{value.name, inside}.number(0.0, 1e6);
    return name == "box" ? size * size / 3.0 : size * size;
}

}  // namespace

std::vector<Key> data_keys() {
    return {
        {{"data.format", "glyphs",
          "kind of the data: " + join(data_formats(), ", ") +
              "; glyphs are drawn by hoist itself, memory is what a program hands to the library"},
         [](const Value& v, Config& c) {
             c.data.format = data_formats()[v.choice(data_formats())];
         }},
        {{"data.path", "", "folder of the data files"},
         [](const Value& v, Config& c) { c.data.path = v.text; }},
        {{"data.train", "",
          "training file in data.path, or an absolute name (csv, hdf5, numpy), folder (images) or "
          "set (idx)"},
         [](const Value& v, Config& c) { c.data.train = v.text; }},
        {{"data.test", "",
          "test file in data.path, or an absolute name (csv, hdf5, numpy), folder (images) or set "
          "(idx)"},
         [](const Value& v, Config& c) { c.data.test = v.text; }},
        {{"data.inputs", "",
          "array of the inputs (hdf5, numpy); default inputs, x, images, ..., beside x_train and "
          "x_test the part of each"},
         [](const Value& v, Config& c) { c.data.inputs = v.text; }},
        {{"data.target", "",
          "column to predict (csv: its name, or its number from 1; default the last) or array "
          "(hdf5, numpy; default labels, targets, y, ...)"},
         [](const Value& v, Config& c) { c.data.target = v.text; }},
        {{"data.ignore", "", "columns to leave out, by name or number, with commas (csv)"},
         [](const Value& v, Config& c) { c.data.ignore = split(v.text, ','); }},
        {{"data.header", "auto",
          "whether the first line names the columns (csv): true, false, or auto: where no field "
          "but the target's is a number"},
         [](const Value& v, Config& c) {
             c.data.header = static_cast<TableHeader>(v.choice({"auto", "true", "false"}));
         }},
        {{"data.missing", "error",
          "what becomes of samples with missing values (csv): error, mean (of the training part "
          "instead), drop"},
         [](const Value& v, Config& c) {
             c.data.missing = static_cast<MissingValues>(v.choice({"error", "mean", "drop"}));
         }},
        {{"data.gray", "false", "pictures as their luminance alone (cifar10, images): true, false"},
         [](const Value& v, Config& c) { c.data.gray = v.yes_or_no(); }},
        {{"data.lift", "",
          "lifts the inputs, so that a dense map of them is a linear spline: "
          "each(LOWER,UPPER,LABELS) "
          "every number to evenly spaced labels, jointly(LOWER,UPPER,LABELS) all together to a "
          "grid "
          "of so many in each direction, cut into simplices"},
         [](const Value& v, Config& c) { c.data.lift = parse_input_lift(v.text); }},
        {{"data.limit", "0", "use only the first so many training samples; 0 for all"},
         [](const Value& v, Config& c) { c.limit = v.whole_number(0); }},
        {{"data.validation", "0",
          "training samples set aside to choose settings by: a share below 1, of at least one "
          "sample, or a count"},
         [](const Value& v, Config& c) { c.validation = share_or_count(v); }},
        {{"data.labeled", "0",
          "how many training samples, drawn by the seed, show their labels, as a share below 1 or "
          "a "
          "count; the others only their free energy, see formulation.energy (lrrn); 0: all"},
         [](const Value& v, Config& c) { c.labeled = share_or_count(v); }},
        {{"data.standardize", "false",
          "shift and scale each input to mean 0 and variance 1: true, false; mean: shift alone"},
         [](const Value& v, Config& c) {
             c.standardize = static_cast<Standardize>(v.choice({"false", "true", "mean"}));
         }},
        {{"data.uncertainty", "",
          "errors of the inputs, independent of one another, over which the first regression takes "
          "the "
          "mean: gaussian(DEVIATION), box(RADIUS) for any number within it alike; in units of "
          "the inputs that the network is given, standardized ones where they are (ridge, "
          "classical)"},
         [](const Value& v, Config& c) { c.input_variance = input_variance(v); }},
        {{"data.noise", "0", "standard deviation of noise added to the inputs of mini-batches"},
         [](const Value& v, Config& c) { c.augmentation.noise = v.number(0.0, 1e6); }},
        {{"data.dropout", "0", "share of the inputs of mini-batches that are set to zero"},
         [](const Value& v, Config& c) { c.augmentation.dropout = v.number(0.0, 0.99); }},
        {{"data.shift", "0", "images in mini-batches are shifted by up to so many pixels"},
         [](const Value& v, Config& c) { c.augmentation.shift = v.number(0.0, 1e3); }},
        {{"data.rotation", "0", "and rotated by up to so many degrees"},
         [](const Value& v, Config& c) { c.augmentation.rotation = v.number(0.0, 180.0); }},
        {{"data.scale", "0", "and scaled by up to this share"},
         [](const Value& v, Config& c) { c.augmentation.scale = v.number(0.0, 0.9); }},
        {{"data.shear", "0", "and sheared by up to this share"},
         [](const Value& v, Config& c) { c.augmentation.shear = v.number(0.0, 1.0); }},
        {{"data.elastic", "0", "and warped smoothly by about so many pixels"},
         [](const Value& v, Config& c) { c.augmentation.elastic = v.number(0.0, 1e3); }},
        {{"data.mirror", "false", "whether half of the images in mini-batches are mirrored"},
         [](const Value& v, Config& c) { c.augmentation.mirror = v.yes_or_no(); }},
        {{"data.translate", "0",
          "and shifted by up to so many whole pixels, going on in their mirror image"},
         [](const Value& v, Config& c) { c.augmentation.translate = v.whole_number(0, 1000); }},
        {{"data.degrade", "",
          "what the pictures that a network of pictures is given have suffered, step by step: "
          "blur(PIXELS), box(SIDE), subsample(EVERY), noise(DEVIATION of 255), mask(SHARE lost), "
          "fixed_mask(SHARE), radon(ANGLES), as in blur(1.6)+noise(2.55)"},
         [](const Value& v, Config& c) { c.degradation = parse_degradation(v.text); }},
        {{"data.patches", "0",
          "side of the squares that are cut out of its training pictures, one of each in an epoch; "
          "0: whole pictures"},
         [](const Value& v, Config& c) { c.patches = v.whole_number(0, 4096); }},
        {{"data.symmetries", "false",
          "whether these are mirrored and turned by quarter turns, all eight ways alike"},
         [](const Value& v, Config& c) { c.symmetries = v.yes_or_no(); }},
        {{"data.cutout", "0", "and lose a square of this side, somewhere"},
         [](const Value& v, Config& c) { c.augmentation.cutout = v.whole_number(0, 1000); }},
        {{"data.samples", "12000", "training samples to draw (glyphs)"},
         [](const Value& v, Config& c) { c.data.samples = v.whole_number(1); }},
        {{"data.test_samples", "2000", "test samples to draw (glyphs)"},
         [](const Value& v, Config& c) { c.data.test_samples = v.whole_number(0); }},
        {{"data.seed", "1",
          "seed of the drawing (glyphs), and of the degradation of pictures that a network is "
          "judged on"},
         [](const Value& v, Config& c) {
             c.data.seed = static_cast<std::uint64_t>(v.whole_number(0));
         }},
    };
}

}  // namespace hoist
