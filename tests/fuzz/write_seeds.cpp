#include <filesystem>
#include <fstream>

#include "fuzz/targets.hpp"

// write_seeds FOLDER: the inputs that the program makes itself, in a folder for each target.
int main(int argc, char** argv) {
    if (argc != 2) {
        return 64;
    }
    for (const hoist::FuzzTarget& target : hoist::fuzz_targets()) {
        const std::filesystem::path folder = std::filesystem::path(argv[1]) / target.name;
        std::filesystem::create_directories(folder);
        int number = 0;
        for (const std::string& seed : target.seeds()) {
            std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
        }
    }
    return 0;
}
