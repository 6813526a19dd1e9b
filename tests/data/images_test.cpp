#include <jpeglib.h>  // wants stdio
#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "data_files.hpp"

namespace hoist {
namespace {

namespace fs = std::filesystem;

constexpr Index rows = 4;
constexpr Index columns = 5;
constexpr std::size_t places = rows * columns;

using Bytes = std::vector<unsigned char>;

/// Of a sample, channels innermost.
Bytes color_bytes(int sample) {
    Bytes bytes(3 * places);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] =
            static_cast<unsigned char>((static_cast<std::size_t>(sample) * 29 + i * 7) % 256);
    }
    return bytes;
}

Bytes gray_bytes(int sample) {
    Bytes bytes = color_bytes(sample);
    bytes.resize(places);
    return bytes;
}

std::string png(png_uint_32 format, const void* pixels, Index height = rows, Index width = columns,
                const void* colormap = nullptr) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = format;
    image.colormap_entries = colormap == nullptr ? 0 : 2;
    png_alloc_size_t size = 0;
    EXPECT_TRUE(png_image_write_get_memory_size(image, size, 0, pixels, 0, colormap));
    std::string file(size, '\0');
    EXPECT_TRUE(png_image_write_to_memory(&image, file.data(), &size, 0, pixels, 0, colormap));
    file.resize(size);
    return file;
}

std::string jpeg(J_COLOR_SPACE space, int channels, Bytes pixels, Index height = rows,
                 Index width = columns) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = channels;
    info.in_color_space = space;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 100, TRUE);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = pixels.data() +
                       info.next_scanline * info.image_width * static_cast<JDIMENSION>(channels);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    std::string file(reinterpret_cast<char*>(bytes), size);
    std::free(bytes);
    return file;
}

std::string color_png(int sample) { return png(PNG_FORMAT_RGB, color_bytes(sample).data()); }
std::string gray_png(int sample) { return png(PNG_FORMAT_GRAY, gray_bytes(sample).data()); }

class Images : public DataFiles {
  protected:
    DataParts open(const DataUse& use = {}, const std::string& train = "",
                   const std::string& test = "") const {
        DataConfig config;
        config.format = "images";
        config.path = folder_.string();
        config.train = train;
        config.test = test;
        return open_dataset(config, use);
    }
    void put_in(const std::string& folder, const std::string& name, std::string_view bytes) const {
        fs::create_directories(folder_ / folder);
        put(folder + "/" + name, bytes);
    }
    /// The only picture, in bytes.
    std::vector<double> only(const DataUse& use = {}) const {
        std::vector<double> found = inputs(*open(use).train);
        std::ranges::transform(found, found.begin(), [](double v) { return v * 255.0; });
        return found;
    }
};

std::vector<double> numbers(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

TEST_F(Images, are_of_the_classes_that_their_folders_are_called) {
    for (int i = 0; i < 3; ++i) {
        put_in("ship", "b" + std::to_string(i) + ".png", color_png(i));
        put_in("big cat", std::to_string(i) + ".PNG", color_png(10 + i));
    }
    const auto data = open().train;
    ASSERT_EQ(data->samples(), 6);
    EXPECT_EQ(data->class_names(), (std::vector<std::string>{"big cat", "ship"}));
    EXPECT_EQ(labels(*data), (std::vector<Index>{0, 0, 0, 1, 1, 1}));
    EXPECT_EQ(data->sample_shape(), (std::vector<Index>{rows, columns, 3}));
    EXPECT_EQ(data->image_size(), (std::pair<Index, Index>{0, 0}));
    const std::vector<double> all = inputs(*data);
    for (const int sample : {0, 1, 2}) {
        const Bytes ship = color_bytes(sample);
        for (std::size_t i = 0; i < ship.size(); ++i) {
            ASSERT_EQ(all[static_cast<std::size_t>(3 + sample) * ship.size() + i], ship[i] / 255.0);
        }
    }
    expect_pieces_equal_whole(*data);
    expect_preconditions_checked(*data);
    EXPECT_TRUE(data->remarks().empty());
}

TEST_F(Images, lie_in_folders_for_training_and_test) {
    put_in("train/a", "1.png", gray_png(1));
    put_in("train/b", "1.png", gray_png(2));
    put_in("test/b", "7.jpeg", jpeg(JCS_GRAYSCALE, 1, gray_bytes(3)));
    put_in("val/b", "7.png", gray_png(4));
    DataParts parts = open();
    EXPECT_EQ(parts.train->samples(), 2);
    EXPECT_EQ(parts.train->image_size(), (std::pair{rows, columns}));
    EXPECT_EQ(labels(*parts.test), (std::vector<Index>{1}));
    parts = open({}, "train", "val");
    EXPECT_EQ(inputs(*parts.test)[0], gray_bytes(4)[0] / 255.0);
    EXPECT_EQ(open({}, "", "val").train, nullptr);
    put_in("test/c", "8.png", gray_png(5));
    expect_mentions(message_of<DataError>([&] { open(); }), {"\"c\"", "2 classes"});
}

TEST_F(Images, without_folders_for_classes_have_none) {
    put("1.png", gray_png(1));
    put("2.png", gray_png(2));
    const auto data = open().train;
    EXPECT_EQ(data->samples(), 2);
    EXPECT_FALSE(data->labeled());
}

TEST_F(Images, are_read_in_color_or_gray_as_the_network_takes_them) {
    put("1.png", color_png(1));
    EXPECT_EQ(only(), numbers(color_bytes(1)));
    const std::vector<double> gray = only({.features = places});
    ASSERT_EQ(gray.size(), places);
    const Bytes colors = color_bytes(1);
    for (std::size_t i = 0; i < gray.size(); ++i) {  // Rec. 601
        const double exact =
            0.299 * colors[3 * i] + 0.587 * colors[3 * i + 1] + 0.114 * colors[3 * i + 2];
        EXPECT_NEAR(gray[i], exact, 0.501) << i;
    }
    put("1.png", gray_png(1));
    EXPECT_EQ(only(), numbers(gray_bytes(1)));
    const std::vector<double> color = only({.features = 3 * places});
    ASSERT_EQ(color.size(), 3 * places);
    for (std::size_t i = 0; i < color.size(); ++i) {
        EXPECT_EQ(color[i], gray_bytes(1)[i / 3]);
    }
    put("2.png", color_png(2));  // behind a gray one
    EXPECT_EQ(open().train->features(), static_cast<Index>(3 * places));
    DataConfig in_gray;
    in_gray.format = "images";
    in_gray.path = folder_.string();
    in_gray.gray = true;
    EXPECT_EQ(open_dataset(in_gray, {}).train->features(), static_cast<Index>(places));
}

TEST_F(Images, may_be_JPEG_whatever_they_are_called) {
    Bytes smooth(3 * 16 * 16);
    for (std::size_t i = 0; i < smooth.size(); ++i) {
        smooth[i] = static_cast<unsigned char>(100 + i / 48 * 5 + i % 3 * 20);
    }
    put("1.png", jpeg(JCS_RGB, 3, smooth, 16, 16));
    const std::vector<double> found = only();
    ASSERT_EQ(found.size(), smooth.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i], smooth[i], 4) << i;
    }
}

TEST_F(Images, may_have_a_palette_16_bits_or_an_alpha_channel) {
    const Bytes palette{10, 20, 30, 200, 100, 50};
    Bytes places_of_it(places, 0);
    places_of_it[3] = 1;
    put("1.png", png(PNG_FORMAT_RGB_COLORMAP, places_of_it.data(), rows, columns, palette.data()));
    const std::vector<double> found = only();
    ASSERT_EQ(found.size(), 3 * places);
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i], palette[i % 3 + (i / 3 == 3 ? 3 : 0)]);
    }

    Bytes transparent(4 * places, 255);
    transparent[3] = 0;
    put("1.png", png(PNG_FORMAT_RGBA, transparent.data()));
    const std::vector<double> on_black = only();
    EXPECT_EQ(on_black[0], 0);
    EXPECT_EQ(on_black[3], 255);
}

TEST_F(Images, of_different_sizes_are_refused_with_the_file) {
    put("1.png", gray_png(1));
    put("2.png", png(PNG_FORMAT_GRAY, Bytes(30, 7).data(), 5, 6));
    expect_mentions(message_of<DataError>([&] { inputs(*open({.features = places}).train); }),
                    {"2.png", "5 x 6", "4 x 5", "one size"});
}

TEST_F(Images, that_are_damaged_are_refused_with_the_file) {
    Bytes noise(3 * 64 * 64);
    for (std::size_t i = 0; i < noise.size(); ++i) {
        noise[i] = static_cast<unsigned char>(i * i % 251);
    }
    const std::string whole_jpeg = jpeg(JCS_RGB, 3, noise, 64, 64);
    const std::string whole_png = png(PNG_FORMAT_RGB, noise.data(), 64, 64);
    std::string flipped = whole_png;
    flipped[flipped.size() / 2] ^= 0x10;
    for (const std::string& bytes :
         {std::string(), std::string("GIF89a"), whole_png.substr(0, 20), whole_jpeg.substr(0, 20),
          whole_png.substr(0, whole_png.size() / 2), whole_jpeg.substr(0, whole_jpeg.size() / 2),
          flipped, jpeg(JCS_CMYK, 4, Bytes(4 * places, 9))}) {
        put("a b.jpg", bytes);
        expect_mentions(message_of<DataError>([&] { only(); }), {"a b.jpg", "replace it"});
    }
}

TEST_F(Images, whose_headers_promise_more_than_there_is_are_refused_before_there_is_room_for_it) {
    std::string file = jpeg(JCS_GRAYSCALE, 1, Bytes(64, 100), 8, 8);
    const std::size_t frame = file.find("\xff\xc0");
    ASSERT_NE(frame, std::string::npos);
    file.replace(frame + 5, 4, "\x0f\xa0\x0f\xa0");
    put("a b.jpg", file);
    expect_mentions(message_of<DataError>([&] { only(); }),
                    {"a b.jpg", "4000 x 4000", "no file of " + std::to_string(file.size())});
}

TEST_F(Images, that_are_wider_than_any_network_are_refused) {
    constexpr Index side = 2400;
    put("a b.png", png(PNG_FORMAT_RGB, Bytes(3 * side * side, 100).data(), side, side));
    expect_mentions(message_of<DataError>([&] { only(); }), {"17280000", "16777216", "smaller"});
}

TEST_F(Images, of_one_color_are_read_however_small_their_files_are) {
    constexpr Index side = 2000;
    const Bytes one_color(side * side, 100);
    for (const std::string& file : {png(PNG_FORMAT_GRAY, one_color.data(), side, side),
                                    jpeg(JCS_GRAYSCALE, 1, one_color, side, side)}) {
        put("a b.jpg", file);
        EXPECT_EQ(only().size(), one_color.size()) << file.size();
    }
}

TEST_F(Images, leave_out_what_is_none_and_say_so) {
    put_in("a", "1.png", gray_png(1));
    put_in("a", "notes.txt", "hello");
    put_in("a", ".hidden", "hello");
    put_in("empty", ".hidden", "hello");
    put("stray.png", gray_png(2));
    const auto data = open().train;
    EXPECT_EQ(data->samples(), 1);
    ASSERT_EQ(data->remarks().size(), 3U);
    expect_mentions(data->remarks()[0], {"stray.png", "no class"});
    expect_mentions(data->remarks()[1], {"notes.txt", "not read"});
    expect_mentions(data->remarks()[2], {"empty", "no pictures"});
}

TEST_F(Images, that_are_not_there_are_missing) {
    expect_mentions(message_of<MissingError>([&] { open(); }), {"no pictures", "data.path"});
    expect_mentions(message_of<MissingError>([&] { open({}, "nowhere"); }), {"nowhere"});
}

}  // namespace
}  // namespace hoist
