#include "hoist/io/picture_file.hpp"

#include <jpeglib.h>  // wants stdio
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

/// The bytes of a file and what is made of them; what goes wrong is told as a text, empty where nothing
/// does.
struct Kind {
    std::string_view signature;
    std::string (*read_form)(const std::string& file, PictureForm& form);
    std::string (*read)(const std::string& file, bool color, unsigned char* bytes);
    /// That a whole file can hold: deflate takes 1,032 bytes, of eight places, in one; a block of 64 in a JPEG takes a
    /// bit, and less in arithmetic codes.
    Index most_places_per_byte;
};

class Png {
  public:
    explicit Png(const std::string& file) {
        image_.version = PNG_IMAGE_VERSION;
        readable_ = png_image_begin_read_from_memory(&image_, file.data(), file.size()) != 0;
    }
    ~Png() { png_image_free(&image_); }
    Png(const Png&) = delete;
    Png& operator=(const Png&) = delete;

    static std::string read_form(const std::string& file, PictureForm& form) {
        const Png png(file);
        form = {png.image_.height, png.image_.width,
                (png.image_.format & PNG_FORMAT_FLAG_COLOR) != 0};
        return png.readable_ ? "" : png.image_.message;
    }

    // libpng takes the luminance of linear light, of which 8 bits hold nothing that is dark.
    static std::string read(const std::string& file, bool color, unsigned char* bytes) {
        Png png(file);
        if (!png.readable_) {
            return png.image_.message;
        }
        if (color || (png.image_.format & PNG_FORMAT_FLAG_COLOR) == 0) {
            return png.finish(color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY, bytes);
        }
        std::vector<unsigned char> colors(std::size_t{3} * png.image_.height * png.image_.width);
        const std::string why = png.finish(PNG_FORMAT_RGB, colors.data());
        for (std::size_t i = 0; i < colors.size(); i += 3) {
            bytes[i / 3] = luminance(colors[i], colors[i + 1], colors[i + 2]);
        }
        return why;
    }

  private:
    std::string finish(png_uint_32 format, unsigned char* bytes) {
        image_.format = format;
        image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
        const png_color black{};
        return png_image_finish_read(&image_, &black, bytes, 0, nullptr) != 0 ? "" : image_.message;
    }

    png_image image_{};
    bool readable_;
};

/// What libjpeg complains of, warnings too: it fills up what is damaged with gray.
struct JpegErrors {
    jpeg_error_mgr manager;
    std::jmp_buf back;
    std::array<char, JMSG_LENGTH_MAX> text;

    static JpegErrors& of(j_common_ptr info) { return *reinterpret_cast<JpegErrors*>(info->err); }

    [[noreturn]] static void fail(j_common_ptr info) {
        JpegErrors& errors = of(info);
        info->err->format_message(info, errors.text.data());
        std::longjmp(errors.back, 1);
    }
    static void warn(j_common_ptr info, int level) {
        if (level < 0) {
            fail(info);
        }
    }
};

// No object with a destructor lives where a jump passes.
void read_jpeg(const std::string& file, JpegErrors& errors, PictureForm& form,
               unsigned char* bytes) {
    jpeg_decompress_struct info{};
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = JpegErrors::fail;
    errors.manager.emit_message = JpegErrors::warn;
    errors.text[0] = '\0';
    if (setjmp(errors.back) == 0) {
        jpeg_create_decompress(&info);
        jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
        jpeg_read_header(&info, TRUE);
        if (info.num_components == 4) {
            std::snprintf(errors.text.data(), errors.text.size(),
                          "its colors are those of printing (CMYK)");
        } else if (bytes == nullptr) {
            form = {info.image_height, info.image_width, info.num_components >= 3};
        } else {
            info.out_color_space = form.color ? JCS_RGB : JCS_GRAYSCALE;
            jpeg_start_decompress(&info);
            while (info.output_scanline < info.output_height) {
                JSAMPROW row = bytes + info.output_scanline * info.output_width * form.channels();
                jpeg_read_scanlines(&info, &row, 1);
            }
            jpeg_finish_decompress(&info);
        }
    }
    jpeg_destroy_decompress(&info);
}

struct Jpeg {
    static std::string read_form(const std::string& file, PictureForm& form) {
        JpegErrors errors;
        read_jpeg(file, errors, form, nullptr);
        return errors.text.data();
    }

    static std::string read(const std::string& file, bool color, unsigned char* bytes) {
        JpegErrors errors;
        PictureForm form{.color = color};
        read_jpeg(file, errors, form, bytes);
        return errors.text.data();
    }
};

constexpr std::array kinds{
    Kind{"\x89PNG\r\n\x1a\n", Png::read_form, Png::read, 8 * 1032},
    Kind{"\xff\xd8\xff", Jpeg::read_form, Jpeg::read, 1032},
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
    throw DataError("cannot read the picture " + path.string(), why,
                    "replace it, or take it out of the folder");
}

std::string size_text(const PictureForm& form) {
    return std::to_string(form.rows) + " x " + std::to_string(form.columns);
}

/// A file of one of the kinds, and its form.
struct Picture {
    std::string file;
    const Kind* kind = nullptr;
    PictureForm form{};
};

Picture open_picture(const std::filesystem::path& path) {
    refuse_other_than_file(path);
    Picture picture{.file = read_whole_file(path)};
    for (const Kind& kind : kinds) {
        if (picture.file.starts_with(kind.signature)) {
            picture.kind = &kind;
        }
    }
    if (picture.kind == nullptr) {
        refuse(path, "it does not begin as a PNG or JPEG file does");
    }
    if (const std::string why = picture.kind->read_form(picture.file, picture.form); !why.empty()) {
        refuse(path, why);
    }
    // What a header promises is not yet there.
    constexpr Index most_places = Index{1} << 24;
    const Index places = picture.form.rows * picture.form.columns;
    if (places > most_places) {
        refuse(path, "it is " + size_text(picture.form) + " large, more than " +
                         std::to_string(most_places) + " places");
    }
    if (places > picture.kind->most_places_per_byte * std::ssize(picture.file)) {
        refuse(path, "its header promises " + size_text(picture.form) +
                         " places, which no file of " + std::to_string(picture.file.size()) +
                         " bytes holds");
    }
    return picture;
}

}  // namespace

PictureForm picture_form(const std::filesystem::path& path) { return open_picture(path).form; }

void read_picture(const std::filesystem::path& path, const PictureForm& form,
                  std::span<unsigned char> bytes) {
    require(std::ssize(bytes) == form.size(), "there is room for a picture");
    const Picture picture = open_picture(path);
    if (picture.form.rows != form.rows || picture.form.columns != form.columns) {
        throw DataError("the pictures differ in size",
                        path.string() + " has " + size_text(picture.form) + " places, and others " +
                            size_text(form),
                        "bring all to one size");
    }
    if (const std::string why = picture.kind->read(picture.file, form.color, bytes.data());
        !why.empty()) {
        refuse(path, why);
    }
}

void write_picture(const std::filesystem::path& path, const PictureForm& form,
                   std::span<const unsigned char> bytes) {
    require(std::ssize(bytes) == form.size(), "a picture has its size");
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(form.columns);
    image.height = static_cast<png_uint_32>(form.rows);
    image.format = form.color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t size = 0;
    std::string file;
    bool written =
        png_image_write_to_memory(&image, nullptr, &size, 0, bytes.data(), 0, nullptr) != 0;
    if (written) {
        file.resize(size);
        written =
            png_image_write_to_memory(&image, file.data(), &size, 0, bytes.data(), 0, nullptr) != 0;
    }
    if (!written) {
        throw OutputError("cannot make the picture " + path.string(), image.message,
                          "choose smaller pictures");
    }
    file.resize(size);
    write_whole_file(path, file);
}

}  // namespace hoist
